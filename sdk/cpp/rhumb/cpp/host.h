// Rhumb plugin SDK, C++ face: the services of the host, with a fallback for each absent one.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <string_view>

#include "rhumb/core.h"
#include "rhumb/cpp/guard.h"
#include "rhumb/host.h"

namespace rhumb {

// A view of the rhumb_host_t that open() received. It owns nothing and may be copied. The host's
// struct outlives the instance. Any thread may call any member.
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
  // Reports the bytes that an instance allocated. A negative number reports bytes that it freed.
  void report_memory(int64_t delta_bytes) const noexcept {
    if (memory_ != nullptr) memory_->report(raw_, delta_bytes);
  }
  // The clock of rhumb_call_t.deadline_ns. If the host lacks the service, the answer comes from the
  // system's monotonic clock, which is the clock that hosts use.
  uint64_t monotonic_ns() const noexcept {
    if (clock_ != nullptr) return clock_->monotonic_ns(raw_);
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
  }
  // Returns the number of threads that parallel() may use, the caller's among them.
  uint32_t width() const noexcept {
    return executor_ != nullptr && executor_->width > 0 ? executor_->width : 1;
  }

  // Runs body(i) for each i in [0, n), on several threads if the host has some, and returns after
  // the last one. If a body throws, the bodies that have not begun are skipped, and the first
  // exception is thrown here.
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

// Throws if the call is cancelled or its deadline has passed. An engine calls it about once in a
// millisecond of work. `call` may be NULL.
inline void check_call(const rhumb_call_t* call, const Host& host) {
  if (call == nullptr) return;
  if (call->cancelled != nullptr && call->cancelled(call->cancel_ctx) != 0)
    throw Error(RHUMB_CANCELLED, "cancelled");
  if (call->deadline_ns != 0 && host.monotonic_ns() >= call->deadline_ns)
    throw Error(RHUMB_TIMEOUT, "the deadline has passed");
}

}  // namespace rhumb
