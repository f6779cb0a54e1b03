// The k closest of what is pushed. Equal distances: the lower slot, so that an answer does not depend on the order of
// pushing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
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

class TopK {
 public:
  explicit TopK(size_t k) : k_(k) {}
  void push(Hit hit) {
    if (heap_.size() < k_) {
      heap_.push_back(hit);
      std::push_heap(heap_.begin(), heap_.end());
    } else if (k_ > 0 && !(hit.distance > heap_.front().distance) && hit < heap_.front()) {  // mostly decided by the first look
      std::pop_heap(heap_.begin(), heap_.end());
      heap_.back() = hit;
      std::push_heap(heap_.begin(), heap_.end());
    }
  }
  // Nothing as far as this gets in any more.
  float limit() const { return heap_.size() < k_ ? std::numeric_limits<float>::infinity() : heap_.empty() ? 0 : heap_.front().distance; }
  // Closest first; empties it.
  std::vector<Hit> take() {
    std::sort_heap(heap_.begin(), heap_.end());
    return std::exchange(heap_, {});
  }

 private:
  size_t k_;
  std::vector<Hit> heap_;  // the farthest in front
};

}  // namespace rhumb::segment
