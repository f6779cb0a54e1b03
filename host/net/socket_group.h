// The sockets of one server: their limits, their counters, and the places that they take.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "host/base/limits.h"
#include "host/base/metrics.h"
#include "host/net/byte_budget.h"

namespace rhumb::net {

struct SocketLimits {
  uint32_t max_connections = base::limits::kMaxConnections;
  // Bytes of all connections together that the sockets have not taken yet.
  uint64_t max_unsent_bytes = base::limits::kMaxUnsentBytes;
  uint32_t write_timeout_ms = base::limits::kWriteTimeoutMs;  // time without progress of the reader
};

// Each server counts under names of its own.
struct SocketCounters {
  base::Counter& refused_connections;  // closed because max_connections were open
  base::Counter& dropped_replies;      // connections closed because of max_unsent_bytes
  base::Counter& received_bytes;
  base::Counter& sent_bytes;
};

// Shared by a server and by each of its connections. It may be used on any thread.
struct SocketGroup {
  SocketGroup(const SocketLimits& socket_limits, const SocketCounters& socket_counters)
      : limits(socket_limits),
        counters(socket_counters),
        unsent(std::make_shared<ByteBudget>(socket_limits.max_unsent_bytes)) {}

  const SocketLimits limits;
  const SocketCounters counters;
  const std::shared_ptr<ByteBudget> unsent;  // bytes that sockets have not taken yet
  std::atomic<uint32_t> connections{0};
};

// An accepted socket and its place among max_connections, which it holds until the connection has
// closed. It may be used on any thread.
class Admission {
 public:
  Admission(int fd, std::shared_ptr<SocketGroup> group) : fd_(fd), group_(std::move(group)) {}
  Admission(Admission&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), group_(std::move(other.group_)) {}
  Admission& operator=(Admission&&) = delete;
  ~Admission();
  int release_fd() { return std::exchange(fd_, -1); }  // The place stays taken.
  SocketGroup& group() const { return *group_; }

 private:
  int fd_;
  std::shared_ptr<SocketGroup> group_;
};

}  // namespace rhumb::net
