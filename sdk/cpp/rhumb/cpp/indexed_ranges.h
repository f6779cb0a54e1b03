// Rhumb plugin SDK, C++ face: the set of slots that are indexed. Several threads insert ranges, and
// the ranges may end in any order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <vector>

#include "rhumb/cpp/exact_scan.h"

namespace rhumb {

// A set of slots, kept as ranges in ascending order. Any thread may call any member. A snapshot
// does not change when a range is added later. Adding slots that are there already changes nothing.
class IndexedRanges {
 public:
  using Snapshot = std::shared_ptr<const std::vector<SlotRange>>;

  Snapshot snapshot() const {
    const std::lock_guard lock(mutex_);
    return ranges_;
  }
  // Returns the first slot that is not in the set. All slots below it are in.
  uint32_t built_through() const {
    const Snapshot ranges = snapshot();
    return ranges->empty() || ranges->front().first != 0 ? 0 : ranges->front().end;
  }
  void add(uint32_t first, uint32_t end) {
    if (first >= end) return;
    const std::lock_guard lock(mutex_);
    auto next = std::make_shared<std::vector<SlotRange>>(*ranges_);
    const auto after = std::upper_bound(next->begin(), next->end(), first,
                                        [](uint32_t f, const SlotRange& r) { return f < r.first; });
    next->insert(after, SlotRange{first, end});
    // Ranges that touch become one. So there are seldom more ranges than threads that insert.
    size_t last = 0;
    for (size_t i = 1; i < next->size(); ++i) {
      SlotRange& into = (*next)[last];
      const SlotRange range = (*next)[i];
      if (range.first <= into.end)
        into.end = std::max(into.end, range.end);
      else
        (*next)[++last] = range;
    }
    next->resize(last + 1);
    ranges_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  Snapshot ranges_ = std::make_shared<std::vector<SlotRange>>();
};

}  // namespace rhumb
