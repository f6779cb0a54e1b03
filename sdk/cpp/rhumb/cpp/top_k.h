// Rhumb plugin SDK, C++ face: the closest k hits of a search, as integers.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace rhumb {

// A hit as one number. Its order is the order of (distance, slot), so one instruction compares two
// hits, and there are no ties. Every distance is finite: a distance beyond float32 counts as the
// largest finite one, with its sign, and a NaN counts as the farthest.
using HitKey = uint64_t;

inline HitKey hit_key(float distance, uint32_t slot) noexcept {
  constexpr float kMost = std::numeric_limits<float>::max();
  distance = distance < kMost ? distance : kMost;  // the comparison is false for a NaN
  distance = distance > -kMost ? distance : -kMost;
  distance += 0.0f;  // -0 becomes 0
  const auto bits = std::bit_cast<uint32_t>(distance);
  const uint32_t ordered = (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
  return uint64_t{ordered} << 32 | slot;
}
inline uint32_t hit_slot(HitKey key) noexcept { return static_cast<uint32_t>(key); }
inline float hit_distance(HitKey key) noexcept {
  const auto ordered = static_cast<uint32_t>(key >> 32);
  return std::bit_cast<float>((ordered & 0x80000000u) != 0 ? ordered & 0x7FFFFFFFu : ~ordered);
}

// Keeps the smallest `limit` keys of those that were pushed. One thread uses it.
class TopK {
 public:
  explicit TopK(uint32_t limit = 0) { reset(limit); }
  void reset(uint32_t limit) {
    limit_ = limit;
    heap_.clear();
  }
  bool full() const noexcept { return heap_.size() >= limit_; }
  size_t size() const noexcept { return heap_.size(); }
  // Returns the farthest key that is kept. There must be one.
  HitKey worst() const noexcept { return heap_.front(); }
  // Returns true if push() would keep the key.
  bool takes(HitKey key) const noexcept { return !full() || (limit_ > 0 && key < heap_.front()); }
  void push(HitKey key) {
    if (!takes(key)) return;
    if (full()) {
      std::pop_heap(heap_.begin(), heap_.end());
      heap_.back() = key;
    } else {
      heap_.push_back(key);
    }
    std::push_heap(heap_.begin(), heap_.end());
  }
  // Returns the keys, the closest first. Only reset() may follow. They are valid until then.
  std::span<const HitKey> sorted() {
    std::sort_heap(heap_.begin(), heap_.end());
    return heap_;
  }

 private:
  uint32_t limit_ = 0;
  std::vector<HitKey> heap_;  // a max-heap
};

}  // namespace rhumb
