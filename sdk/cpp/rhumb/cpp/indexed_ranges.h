// Rhumb plugin SDK, C++ face: which slots an index has taken in, when ranges arrive from several threads in any order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <vector>

#include "rhumb/cpp/exact_scan.h"

namespace rhumb {

// Any thread. Readers take a snapshot that later additions do not change.
class IndexedRanges {
 public:
  using Snapshot = std::shared_ptr<const std::vector<SlotRange>>;

  Snapshot snapshot() const {
    const std::lock_guard lock(mutex_);
    return ranges_;
  }
  // All slots below are in.
  uint32_t built_through() const {
    const Snapshot ranges = snapshot();
    return ranges->empty() || ranges->front().first != 0 ? 0 : ranges->front().end;
  }
  void add(uint32_t first, uint32_t end) {
    if (first >= end) return;
    const std::lock_guard lock(mutex_);
    auto next = std::make_shared<std::vector<SlotRange>>(*ranges_);
    const auto after = std::upper_bound(next->begin(), next->end(), first, [](uint32_t f, const SlotRange& r) { return f < r.first; });
    next->insert(after, SlotRange{first, end});
    // Ranges that touch become one: there are seldom more than writing threads.
    size_t last = 0;
    for (size_t i = 1; i < next->size(); ++i) {
      SlotRange& into = (*next)[last];
      const SlotRange range = (*next)[i];
      if (range.first <= into.end) into.end = std::max(into.end, range.end);
      else (*next)[++last] = range;
    }
    next->resize(last + 1);
    ranges_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  Snapshot ranges_ = std::make_shared<std::vector<SlotRange>>();
};

}  // namespace rhumb
