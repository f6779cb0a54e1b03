// One libuv loop on one thread. It owns its connections.
#pragma once

#include <uv.h>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "host/base/function.h"
#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/http/server_context.h"
#include "host/http/timer_wheel.h"

namespace rhumb::http {

class Connection;

class Loop : public std::enable_shared_from_this<Loop> {
 public:
  using Task = base::UniqueFunction<void()>;

  static base::Result<std::shared_ptr<Loop>> start(std::string name,
                                                   std::shared_ptr<ServerContext> context);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs the task on the loop thread: at once when called there, else soon. After the loop has
  // closed, tasks are dropped. May be called from any thread. The queue holds at most a few entries
  // per open connection.
  void run(Task task);
  bool on_loop_thread() const;
  // Closes idle connections now, the others when they have answered, and all that are left after
  // drain_ms. Then the loop ends. May be called from any thread. Returns at once; join() waits.
  void close(uint32_t drain_ms);
  void join();

  // The functions below are called on the loop thread only.
  uv_loop_t* uv() { return &loop_; }
  ServerContext& context() { return *context_; }
  const std::shared_ptr<ServerContext>& shared_context() const { return context_; }
  uint64_t now_ms() const { return uv_now(&loop_); }
  void set_deadline(TimerWheel::Node& node, uint64_t after_ms);
  void cancel_deadline(TimerWheel::Node& node) { wheel_.cancel(node); }
  // Makes an accepted socket a connection of this loop.
  void adopt(Admission admission);
  void forget(Connection& connection);  // The connection's handle has closed.
  // Calls process() in the loop's next turn if the connection still exists. Others come first.
  void process_later(const Connection* connection);
  bool closing() const { return closing_; }
  // The time that handlers spend in one turn of the loop is bounded, so that no connection waits
  // long for the requests of others.
  bool has_time() const { return spent_ns_ < kTurnNs; }
  void spend(uint64_t ns) { spent_ns_ += ns; }
  uv_buf_t read_buffer() {
    return uv_buf_init(read_buffer_.data(), static_cast<unsigned>(read_buffer_.size()));
  }

 private:
  static constexpr uint64_t kTurnNs = 1'000'000;

  Loop(std::string name, std::shared_ptr<ServerContext> context);
  void thread_main();
  void post(Task task);
  void run_tasks();
  void on_tick();
  void begin_close(uint32_t drain_ms);
  void finish_close();

  const std::string name_;
  const std::shared_ptr<ServerContext> context_;
  uv_loop_t loop_{};
  uv_async_t wake_{};
  uv_prepare_t turn_{};
  uv_timer_t tick_{};
  uv_timer_t drain_{};
  TimerWheel wheel_{0};
  std::unordered_set<Connection*> connections_;
  std::array<char, 64 * 1024> read_buffer_;  // shared, so that idle connections own no buffer
  uint64_t spent_ns_ = 0;
  bool closing_ = false;

  base::Mutex mutex_;
  std::vector<Task> tasks_ RHUMB_GUARDED_BY(mutex_);
  bool closed_ RHUMB_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace rhumb::http
