// The k closest of the hits that are pushed. Of equal distances the lower slot wins, so that an
// answer does not depend on the order of pushing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "host/base/float_order.h"

namespace rhumb::segment {

struct Hit {
  float distance = 0;
  uint32_t slot = 0;
  uint64_t place() const { return uint64_t{base::place_of(distance)} << 32 | slot; }
  bool operator<(const Hit& o) const { return place() < o.place(); }
  bool operator==(const Hit& o) const { return place() == o.place(); }
};

// Stores places instead of hits, because a place is compared in one instruction.
class TopK {
 public:
  explicit TopK(size_t k) : k_(k) {}
  void push(Hit hit) {
    if (hit.distance > limit_) return;  // true of most of a scan
    const uint64_t place = hit.place();
    if (places_.size() == k_) {
      if (k_ == 0 || place >= places_.front()) return;
      std::pop_heap(places_.begin(), places_.end());
      places_.back() = place;
    } else {
      places_.push_back(place);
    }
    std::push_heap(places_.begin(), places_.end());
    if (places_.size() == k_) limit_ = hit_at(places_.front()).distance;
  }
  // A hit that is farther than this is not taken any more.
  float limit() const { return k_ == 0 ? 0 : limit_; }
  // Returns the hits closest first and empties the heap.
  std::vector<Hit> take() {
    std::sort_heap(places_.begin(), places_.end());
    std::vector<Hit> hits;
    hits.reserve(places_.size());
    for (const uint64_t place : places_) hits.push_back(hit_at(place));
    places_.clear();
    limit_ = kNone;
    return hits;
  }

 private:
  static constexpr float kNone = std::numeric_limits<float>::infinity();
  static Hit hit_at(uint64_t place) {
    return {base::float_at(static_cast<uint32_t>(place >> 32)), static_cast<uint32_t>(place)};
  }

  size_t k_;
  float limit_ = kNone;           // the distance of the farthest, once there are k
  std::vector<uint64_t> places_;  // a heap with the farthest in front
};

}  // namespace rhumb::segment
