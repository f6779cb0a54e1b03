// Rhumb plugin SDK, C++ face: the host's services, with what a plugin does when one is absent.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <string_view>

#include "rhumb/core.h"
#include "rhumb/cpp/guard.h"
#include "rhumb/host.h"

namespace rhumb {

// A view of the rhumb_host_t that open() was given; copy it freely, it lives as long as the instance. All members: any
// thread.
class Host {
 public:
  explicit Host(const rhumb_host_t* raw) noexcept
      : raw_(raw),
        log_(service<rhumb_host_log_t>(RHUMB_HOST_LOG)),
        executor_(service<rhumb_host_executor_t>(RHUMB_HOST_EXECUTOR)),
        clock_(service<rhumb_host_clock_t>(RHUMB_HOST_CLOCK)),
        memory_(service<rhumb_host_memory_t>(RHUMB_HOST_MEMORY)) {}

  const rhumb_host_t* raw() const noexcept { return raw_; }
  bool logs(uint32_t level) const noexcept { return log_ != nullptr && level >= log_->level_min; }
  void log(uint32_t level, std::string_view text) const noexcept {
    if (logs(level)) log_->log(raw_, level, slice(text));
  }
  // Tells what an instance allocated (or freed: negative).
  void report_memory(int64_t delta_bytes) const noexcept {
    if (memory_ != nullptr) memory_->report(raw_, delta_bytes);
  }
  // The clock of rhumb_call_t.deadline_ns; without the service the system's monotonic clock, which is what hosts use.
  uint64_t monotonic_ns() const noexcept {
    if (clock_ != nullptr) return clock_->monotonic_ns(raw_);
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
  }
  // Threads that parallel() may use, the caller's among them.
  uint32_t width() const noexcept { return executor_ != nullptr && executor_->width > 0 ? executor_->width : 1; }

  // Runs body(i) for i in [0, n), on several threads if the host has some; returns when all are done. The first
  // exception is thrown here; what has not begun by then is skipped.
  template <typename Body>
  void parallel(uint64_t n, Body body) const {
    Work<Body> work{body, {}, nullptr};
    if (executor_ == nullptr || executor_->parallel(raw_, n, Work<Body>::run, &work) != RHUMB_OK) {
      for (uint64_t i = 0; i < n; ++i) Work<Body>::run(&work, i);
    }
    if (work.thrown) std::rethrow_exception(work.thrown);
  }

 private:
  template <typename Body>
  struct Work {
    Body& body;
    std::atomic<bool> failed;
    std::exception_ptr thrown;
    static void run(void* arg, uint64_t i) noexcept {
      auto& work = *static_cast<Work*>(arg);
      if (work.failed.load(std::memory_order_relaxed)) return;
      try {
        work.body(i);
      } catch (...) {
        if (!work.failed.exchange(true)) work.thrown = std::current_exception();
      }
    }
  };

  template <typename Table>
  const Table* service(const char* id) const noexcept {
    if (raw_ == nullptr || raw_->get_extension == nullptr) return nullptr;
    return static_cast<const Table*>(raw_->get_extension(raw_, id));
  }

  const rhumb_host_t* raw_;
  const rhumb_host_log_t* log_;
  const rhumb_host_executor_t* executor_;
  const rhumb_host_clock_t* clock_;
  const rhumb_host_memory_t* memory_;
};

// Throws when the call is cancelled or its deadline has passed. Poll it about once a millisecond of work. call may be
// NULL.
inline void check_call(const rhumb_call_t* call, const Host& host) {
  if (call == nullptr) return;
  if (call->cancelled != nullptr && call->cancelled(call->cancel_ctx) != 0) throw Error(RHUMB_CANCELLED, "cancelled");
  if (call->deadline_ns != 0 && host.monotonic_ns() >= call->deadline_ns)
    throw Error(RHUMB_TIMEOUT, "the deadline has passed");
}

}  // namespace rhumb
