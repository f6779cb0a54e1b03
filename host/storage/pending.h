// Counts the accepted asynchronous calls of an instance, which may be closed only after every
// completion has run (rhumb/core.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "host/base/clock.h"
#include "host/base/metrics.h"
#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/plugin/status.h"

namespace rhumb::storage {

class Pending {
 public:
  using Done = std::function<void(base::Status)>;

  // `seconds` takes the time from each accept() to its completion. It may be null.
  explicit Pending(base::Histogram* seconds = nullptr) : seconds_(seconds) {}

  // Returns the completion to pass to the plugin. If the plugin refuses the call, pass it to
  // refused(). Otherwise `done` runs once, on the plugin's thread. `context` is a constant text for
  // the message of a failure.
  rhumb_done_t accept(Done done, const char* context) {
    auto* call = new Call{this, std::move(done), context, base::monotonic_ns()};
    const base::MutexLock lock(mutex_);
    ++count_;
    return {call, fired};
  }
  void refused(rhumb_done_t done) {
    delete static_cast<Call*>(done.ctx);
    finish();
  }
  void wait() {
    const base::MutexLock lock(mutex_);
    while (count_ != 0) idle_.wait(mutex_);
  }

 private:
  struct Call {
    Pending* pending;
    Done done;
    const char* context;
    uint64_t accepted_ns;
  };
  static void RHUMB_CALL fired(void* ctx, rhumb_status_t rc, const rhumb_error_t* error) {
    const std::unique_ptr<Call> call(static_cast<Call*>(ctx));
    if (call->pending->seconds_ != nullptr)
      call->pending->seconds_->observe(
          static_cast<double>(base::monotonic_ns() - call->accepted_ns) * 1e-9);
    call->done(plugin::to_status(rc, error, call->context));
    call->pending->finish();
  }
  void finish() {
    const base::MutexLock lock(mutex_);
    --count_;
    idle_.notify_all();
  }

  base::Histogram* const seconds_;
  base::Mutex mutex_;
  base::CondVar idle_;
  uint64_t count_ RHUMB_GUARDED_BY(mutex_) = 0;
};

}  // namespace rhumb::storage
