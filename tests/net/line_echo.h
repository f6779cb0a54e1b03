// The smallest protocol over host/net alone: each line comes back. It shows what a protocol has to
// bring, and needs no type of HTTP.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "host/base/assert.h"
#include "host/base/metric_table.h"
#include "host/base/metrics.h"
#include "host/net/connection.h"
#include "host/net/listener.h"
#include "host/net/loop.h"

namespace rhumb::net {

//   "quit"      says "bye" and ends.
//   "pour N"    answers with one line of N bytes.
//   "drip N"    answers with N lines of 1,000 bytes, each a write of its own.
class LineEcho final : public Connection {
 public:
  static constexpr size_t kMaxLineBytes = 1000;
  static constexpr int kLinesPerTurn = 8;
  LineEcho(Loop& loop, Admission admission, uint64_t idle_ms)
      : Connection(loop, std::move(admission)), idle_ms_(idle_ms) {}

  void drain() override {
    if (unread().empty()) linger();
  }
  void process() override {
    for (int i = 0; !ended(); ++i) {
      const size_t end = unread().find('\n');
      if (end == std::string_view::npos) break;
      if (i == kLinesPerTurn) {
        loop().process_later(this);
        return;
      }
      const std::string line(unread().substr(0, end));
      consume(end + 1);
      answer(line);
    }
    if (ended()) return;
    if (unread().size() > kMaxLineBytes) {
      abort();
      return;
    }
    compact(unread().empty());
    if (loop().closing()) drain();
  }

 private:
  void on_open() override {
    arm(idle_ms_);
    set_reading(true);
  }
  void on_eof() override { abort(); }
  void on_deadline() override { abort(); }
  void on_written() override {}
  void on_close() override {}

  void answer(const std::string& line) {
    arm(idle_ms_);
    if (line.starts_with("pour ")) {
      write(std::string(std::stoul(line.substr(5)), 'p'), "\n");
    } else if (line.starts_with("drip ")) {
      for (size_t n = std::stoul(line.substr(5)); n > 0 && !ended(); --n)
        write(std::string(999, 'd'), "\n");
    } else if (line == "quit") {
      write("bye\n", {});
      if (!ended()) linger();
    } else {
      write(line, "\n");
    }
  }

  const uint64_t idle_ms_;
};

// A listener and two loops.
class EchoServer {
 public:
  explicit EchoServer(SocketLimits limits = {}, uint64_t idle_ms = 60'000)
      : group(std::make_shared<SocketGroup>(limits, counters())) {
    for (auto& loop : loops_) loop = std::move(*Loop::start("echo"));
    listener_ = std::make_unique<Listener>(group, "full\n", [this, idle_ms](Admission admission) {
      Loop& loop = *loops_[next_++ % 2];
      loop.run([&loop, idle_ms, admission = std::move(admission)]() mutable {
        loop.adopt(std::make_unique<LineEcho>(loop, std::move(admission), idle_ms));
      });
    });
    RHUMB_ASSERT(listener_->bind("127.0.0.1", 0).ok());
    loops_[0]->run([this] { RHUMB_ASSERT(listener_->open(*loops_[0]).ok()); });
  }
  ~EchoServer() { stop(0); }
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  void stop(uint32_t drain_ms) {
    loops_[0]->run([this] { listener_->close(); });
    for (auto& loop : loops_) loop->close(drain_ms);
    for (auto& loop : loops_) loop->join();
  }
  uint16_t port() const { return listener_->port(); }

  const std::shared_ptr<SocketGroup> group;

 private:
  static SocketCounters counters() {
    const auto counter = [](const char* name) -> base::Counter& {
      base::add_metric_row({name, base::MetricKind::kCounter});
      return base::counter(name);
    };
    return {.refused_connections = counter("test_refused_total"),
            .dropped_replies = counter("test_dropped_total"),
            .received_bytes = counter("test_received_bytes_total"),
            .sent_bytes = counter("test_sent_bytes_total")};
  }

  std::shared_ptr<Loop> loops_[2];
  std::unique_ptr<Listener> listener_;
  size_t next_ = 0;  // used on the first loop only
};

}  // namespace rhumb::net
