// A rate that all shards of a process share, such as a share of one core's time or bytes per
// second. What is not used is saved up to a limit. Any thread; the callers read the clock.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "host/base/mutex.h"

namespace rhumb::shard {

class RateBudget {
 public:
  // `rate` is in units per nanosecond, so a share of a core is a rate, too. What it gives in
  // `saved_ns` may be saved up. All of that is there from the start.
  RateBudget(double rate, uint64_t saved_ns)
      : rate_(rate), most_(rate * static_cast<double>(saved_ns)), left_(most_) {}

  double rate() const { return rate_; }
  // Adds what has come since the last call, and returns whether any is left.
  bool left(uint64_t now_ns) {
    const base::MutexLock lock(mutex_);
    if (last_ns_ > 0 && now_ns > last_ns_)
      left_ = std::min(most_, left_ + rate_ * static_cast<double>(now_ns - last_ns_));
    last_ns_ = std::max(last_ns_, now_ns);
    return left_ > 0;
  }
  void spend(uint64_t units) {
    const base::MutexLock lock(mutex_);
    left_ -= static_cast<double>(units);
  }
  // The time until there is enough left for a turn of so many units.
  uint64_t wait_ns(uint64_t units) const {
    const base::MutexLock lock(mutex_);
    return static_cast<uint64_t>(
        std::max(0.0, (std::min(static_cast<double>(units), most_) - left_) / rate_));
  }
  // The number of shards that have work now.
  std::atomic<uint32_t>& users() { return users_; }

 private:
  const double rate_, most_;
  std::atomic<uint32_t> users_{0};
  mutable base::Mutex mutex_;
  double left_ RHUMB_GUARDED_BY(mutex_);
  uint64_t last_ns_ RHUMB_GUARDED_BY(mutex_) = 0;
};

}  // namespace rhumb::shard
