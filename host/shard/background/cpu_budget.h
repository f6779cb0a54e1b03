// A share of one core's time for all shards of a process together. Time that is not used is saved
// up to a limit. Any thread; the callers read the clock.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "host/base/mutex.h"

namespace rhumb::shard {

class CpuBudget {
 public:
  // Up to the time that `share` of a core gives in `saved_ns` may be saved up. All of it is there
  // from the start.
  CpuBudget(double share, uint64_t saved_ns)
      : share_(share), most_(share * static_cast<double>(saved_ns)), left_(most_) {}

  double share() const { return share_; }
  // Adds the time that has come since the last call, and returns whether any is left.
  bool left(uint64_t now_ns) {
    const base::MutexLock lock(mutex_);
    if (last_ns_ > 0 && now_ns > last_ns_)
      left_ = std::min(most_, left_ + share_ * static_cast<double>(now_ns - last_ns_));
    last_ns_ = std::max(last_ns_, now_ns);
    return left_ > 0;
  }
  void spend(uint64_t ns) {
    const base::MutexLock lock(mutex_);
    left_ -= static_cast<double>(ns);
  }
  // The time until there is enough left for a turn of `turn_ns`.
  uint64_t wait_ns(uint64_t turn_ns) const {
    const base::MutexLock lock(mutex_);
    return static_cast<uint64_t>(
        std::max(0.0, (std::min(static_cast<double>(turn_ns), most_) - left_) / share_));
  }
  // The number of shards that have work now.
  std::atomic<uint32_t>& users() { return users_; }

 private:
  const double share_, most_;
  std::atomic<uint32_t> users_{0};
  mutable base::Mutex mutex_;
  double left_ RHUMB_GUARDED_BY(mutex_);
  uint64_t last_ns_ RHUMB_GUARDED_BY(mutex_) = 0;
};

}  // namespace rhumb::shard
