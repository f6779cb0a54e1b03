// A share of one core's time, saved up for a while when it is not used. Arithmetic on times that the caller reads.
#pragma once

#include <algorithm>
#include <cstdint>

namespace rhumb::shard {

class CpuBudget {
 public:
  // As much as `saved_ns` of a core at `share` may be saved up; it is there from the start.
  CpuBudget(double share, uint64_t saved_ns) : most_(share * static_cast<double>(saved_ns)), left_(most_), share_(share) {}

  // Since the last call; share: of now.
  void pass(uint64_t now_ns, double share) {
    share_ = share;
    if (last_ns_ > 0 && now_ns > last_ns_) left_ = std::min(most_, left_ + share * static_cast<double>(now_ns - last_ns_));
    last_ns_ = now_ns;
  }
  void spend(uint64_t ns) { left_ -= static_cast<double>(ns); }
  bool left() const { return left_ > 0; }
  // Until there is something left for so long a turn.
  uint64_t wait_ns(uint64_t turn_ns) const {
    return static_cast<uint64_t>(std::max(0.0, (std::min(static_cast<double>(turn_ns), most_) - left_) / share_));
  }

 private:
  double most_, left_, share_;
  uint64_t last_ns_ = 0;
};

}  // namespace rhumb::shard
