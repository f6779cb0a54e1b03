#include "host/shard/background/recall_interval.h"

#include <algorithm>
#include <cmath>

#include "host/model/contract.h"

namespace rhumb::shard {

namespace {

constexpr double kZ = 1.96;                              // 95 %
constexpr double kAimedShare = 0.7, kEnoughShare = 0.5;  // both as a part of what may be missing
constexpr double kUsualHits = 10;
constexpr double kRounding = 1e-9;  // relative error of a difference that would be 0

RecallInterval wilson(double p, double trials) {
  const double z2 = kZ * kZ / trials;
  const double centre = (p + z2 / 2) / (1 + z2);
  const double half = kZ / (1 + z2) * std::sqrt(p * (1 - p) / trials + z2 / (4 * trials));
  return {p, std::clamp(centre - half, 0.0, p), std::clamp(centre + half, p, 1.0)};
}

}  // namespace

void RecallTally::add(RecallSample sample) {
  const double found = sample.found, of = sample.of;
  samples_ += 1;
  of_ += of;
  found_ += found;
  found_squares_ += found * found;
  of_squares_ += of * of;
  products_ += found * of;
}

void RecallTally::halve() {
  for (double* sum : {&samples_, &of_, &found_, &found_squares_, &of_squares_, &products_})
    *sum /= 2;
}

RecallInterval RecallTally::interval(double times) const {
  if (of_ <= 0) return {};
  const double p = found_ / of_;
  // The spread of the mean, from how the searches differ: the sum of (found - p * of)^2.
  const double sum = found_squares_ - 2 * p * products_ + p * p * of_squares_;
  const double spread = sum > kRounding * of_squares_ ? sum : 0;
  const double variance = spread / (of_ * of_) * samples_ / std::max(1.0, samples_ - 1);
  const double independent = variance > 0 ? p * (1 - p) / variance : samples_;
  return wilson(p, times * std::clamp(independent, samples_, of_));
}

uint64_t samples_missing(const RecallTally& tally, double asked) {
  RecallTally basis = tally;
  if (tally.samples() <= 0) {
    // One search in this many misses one neighbour, so together they reach the aimed recall.
    const double searches = 1 / ((1 - recall_aim(asked)) * kUsualHits);
    for (double i = 1; i < searches; i += 1)
      basis.add({static_cast<uint32_t>(kUsualHits), static_cast<uint32_t>(kUsualHits)});
    basis.add({static_cast<uint32_t>(kUsualHits) - 1, static_cast<uint32_t>(kUsualHits)});
  }
  const auto decided = [&](double times) {
    const RecallInterval then = basis.interval(times);
    return model::contract_kept(asked, then.mean, then.low, then.high).has_value();
  };
  const double have = tally.samples(), unit = basis.samples();
  if (have > 0 && decided(1)) return 0;
  double low = have > 0 ? 1 : 0, high = 1;
  while (!decided(high)) {
    low = high;
    high *= 2;
    if (unit * high > static_cast<double>(kManySamples)) return kManySamples;
  }
  for (int i = 0; i < 20; ++i) {
    const double middle = (low + high) / 2;
    (middle > 0 && decided(middle) ? high : low) = middle;
  }
  return static_cast<uint64_t>(std::max(1.0, std::ceil(unit * high - have)));
}

double recall_aim(double asked) { return 1 - (1 - asked) * kAimedShare; }
double recall_more_than_enough(double asked) { return 1 - (1 - asked) * kEnoughShare; }

}  // namespace rhumb::shard
