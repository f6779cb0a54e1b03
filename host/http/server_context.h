// The state that the connections of one server share. Every unanswered exchange keeps it alive.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <utility>

#include "host/base/metrics.h"
#include "host/http/cors.h"
#include "host/http/options.h"
#include "host/http/request.h"

namespace rhumb::http {

// A limit on the bytes that all connections hold in memory for request bodies, or for replies that
// their clients have not fetched.
struct ByteBudget {
  explicit ByteBudget(uint64_t max_bytes) : max(max_bytes) {}
  const uint64_t max;
  std::atomic<uint64_t> used{0};
};

// The share of one request or reply in a ByteBudget. Its destructor gives the share back, on any
// thread.
class ByteCharge {
 public:
  explicit ByteCharge(std::shared_ptr<ByteBudget> budget) : budget_(std::move(budget)) {}
  ~ByteCharge() { budget_->used.fetch_sub(bytes_, std::memory_order_relaxed); }
  ByteCharge(const ByteCharge&) = delete;
  ByteCharge& operator=(const ByteCharge&) = delete;
  // Returns false when the budget is spent. The share then stays as it was.
  bool grow_to(uint64_t bytes) {
    if (bytes <= bytes_) return true;
    const uint64_t more = bytes - bytes_;
    if (budget_->used.fetch_add(more, std::memory_order_relaxed) + more > budget_->max) {
      budget_->used.fetch_sub(more, std::memory_order_relaxed);
      return false;
    }
    bytes_ = bytes;
    return true;
  }

 private:
  const std::shared_ptr<ByteBudget> budget_;
  uint64_t bytes_ = 0;
};

struct ServerContext {
  ServerContext(ServerOptions server_options, Handler& server_handler);

  const ServerOptions options;
  const Cors cors;
  Handler& handler;  // used on the loop threads only; it is gone after the server has stopped
  const std::shared_ptr<ByteBudget> budget;  // bytes of request bodies
  const std::shared_ptr<ByteBudget> unsent;  // bytes that sockets have not taken yet
  std::atomic<uint32_t> connections{0};
  std::atomic<bool> stopping{false};

  base::Counter& refused_connections;
  base::Counter& dropped_replies;
  base::Counter& received_bytes;
  base::Counter& sent_bytes;
  base::Histogram& seconds;
  base::Counter& responses(int status);  // rhumb_http_responses_total{status="..."}

 private:
  std::array<std::atomic<base::Counter*>, 600> by_status_{};
};

// An accepted socket and its place among max_connections, which it holds until the connection has
// closed. It may be used on any thread.
class Admission {
 public:
  Admission(int fd, std::shared_ptr<ServerContext> context)
      : fd_(fd), context_(std::move(context)) {}
  Admission(Admission&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), context_(std::move(other.context_)) {}
  Admission& operator=(Admission&&) = delete;
  ~Admission();
  int release_fd() { return std::exchange(fd_, -1); }  // The place stays taken.

 private:
  int fd_;
  std::shared_ptr<ServerContext> context_;
};

}  // namespace rhumb::http
