// A timer of an object that may be gone before the timer fires.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "host/base/clock.h"
#include "host/base/mutex.h"
#include "host/base/timer.h"

namespace rhumb::base {

// Any thread. `fn` is short: it runs on the queue's thread, and close() waits for it.
class OwnTimer {
 public:
  // `queue` outlives this object. With null the timer never fires.
  OwnTimer(TimerQueue* queue, std::function<void()> fn)
      : queue_(queue), gate_(std::make_shared<Gate>()) {
    gate_->fn = std::move(fn);
  }
  ~OwnTimer() { close(); }
  OwnTimer(const OwnTimer&) = delete;
  OwnTimer& operator=(const OwnTimer&) = delete;

  // Fires once, at or after `when`. While it waits, further calls do nothing.
  void at(Deadline when) {
    if (queue_ == nullptr || gate_->waits.exchange(true)) return;
    queue_->at(when, [gate = gate_] {
      const MutexLock lock(gate->mutex);
      gate->waits.store(false);
      if (!gate->closed) gate->fn();  // which may call at()
    });
  }
  // From now on it does not fire. Idempotent.
  void close() {
    const MutexLock lock(gate_->mutex);
    gate_->closed = true;
  }

 private:
  struct Gate {
    Mutex mutex;
    std::function<void()> fn;  // not changed after the constructor
    bool closed RHUMB_GUARDED_BY(mutex) = false;
    std::atomic<bool> waits{false};
  };
  TimerQueue* const queue_;
  const std::shared_ptr<Gate> gate_;
};

}  // namespace rhumb::base
