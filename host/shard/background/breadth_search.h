// The factors on a calibrated breadth that are tried, and a search for the smallest factor that
// finds enough. It starts from the present factor and goes in growing strides until one factor
// finds enough and one does not, and then bisects. Each factor is asked once. Pure arithmetic.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

namespace rhumb::shard {

inline constexpr int kBreadthStepsPerDouble = 4;
// The smallest factor is 1/16 and the largest is 16.
inline constexpr int kBreadthLeast = -4 * kBreadthStepsPerDouble,
                     kBreadthMost = 4 * kBreadthStepsPerDouble;

inline float breadth_factor(int step) {
  return std::exp2(static_cast<float>(step) / kBreadthStepsPerDouble);
}

class BreadthSearch {
 public:
  // Searches the steps from `least` to `most`, beginning at `start`.
  BreadthSearch(int least, int most, int start)
      : below_(least - 1),
        reached_(most + 1),
        most_(most),
        start_(std::clamp(start, least, most)) {}

  // Returns the step to try next, or nothing once result() is known.
  std::optional<int> next() const {
    if (reached_ - below_ <= 1) return std::nullopt;
    if (!told_) return start_;
    if (!told_below_) return std::max(below_ + 1, reached_ - stride_);
    if (!told_reached_) return std::min(reached_ - 1, below_ + stride_);
    return below_ + (reached_ - below_) / 2;
  }
  // Reports whether the step that next() returned finds enough.
  void tell(int step, bool enough) {
    stride_ = told_ ? 2 * stride_ : 1;
    told_ = true;
    (enough ? told_reached_ : told_below_) = true;
    if (enough)
      reached_ = std::min(reached_, step);
    else
      below_ = std::max(below_, step);
  }
  // The smallest step that finds enough, or the largest step if none does. tell() must have been
  // called.
  int result() const { return std::min(reached_, most_); }
  bool told() const { return told_; }

 private:
  // The largest step that does not find enough, and the smallest that does.
  int below_, reached_;
  const int most_, start_;
  int stride_ = 1;
  bool told_ = false, told_below_ = false, told_reached_ = false;
};

}  // namespace rhumb::shard
