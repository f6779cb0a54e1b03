// How many commands of requests all shards of a node may remember together, and how many each may
// keep.
//
// The leader reads limit() and writes it into its commands, so that all replicas of a shard forget
// the same commands.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "host/base/limits.h"

namespace rhumb::shard {

class RequestBudget {
 public:
  explicit RequestBudget(uint64_t all = base::limits::kMaxNodeRequests) : all_(all) {}

  // [apply] One shard now remembers `now` commands instead of `before`.
  void changed(uint64_t before, uint64_t now) {
    held_.fetch_add(now - before, std::memory_order_relaxed);
    if ((before == 0) != (now == 0))
      shards_.fetch_add(now == 0 ? ~0ull : 1, std::memory_order_relaxed);
  }
  // The number that one shard may remember: kMaxRequests, and once the node is full, an equal share
  // among the shards that remember any.
  uint32_t limit() const {
    if (held_.load(std::memory_order_relaxed) <= all_) return base::limits::kMaxRequests;
    const uint64_t share = all_ / std::max<uint64_t>(1, shards_.load(std::memory_order_relaxed));
    return static_cast<uint32_t>(
        std::clamp<uint64_t>(share, base::limits::kMinRequests, base::limits::kMaxRequests));
  }
  uint64_t held() const { return held_.load(std::memory_order_relaxed); }

 private:
  const uint64_t all_;
  std::atomic<uint64_t> held_{0}, shards_{0};
};

}  // namespace rhumb::shard
