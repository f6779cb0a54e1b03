// What may be concluded from samples: an interval, a verdict, and how many samples a verdict still
// needs. Pure arithmetic.
#pragma once

#include <cstdint>
#include <optional>

namespace rhumb::shard {

struct RecallSample {
  uint32_t found = 0, of = 0;  // `found` of the closest `of` neighbours were found
};

struct RecallInterval {
  double mean = 0, low = 0, high = 1;
};

// The sums over many samples that the interval needs, in constant memory. All samples are of one
// breadth.
class RecallTally {
 public:
  void add(RecallSample sample);
  void halve();  // older samples count half from now on

  double samples() const { return samples_; }
  double neighbours() const { return of_; }
  // The interval at 95 %: Wilson's interval (JASA 1927) with Kish's design effect, because the hits
  // of one search are correlated. A search counts as at least one trial. With `times` the interval
  // is as it would be after `times` as many samples like these. Without samples it is 0 to 1.
  RecallInterval interval(double times = 1) const;

 private:
  double samples_ = 0, of_ = 0, found_ = 0;
  double found_squares_ = 0, of_squares_ = 0, products_ = 0;
};

// The number of samples that are missing until it is known whether the contract is kept, if the
// next ones are like these. Without a sample it assumes searches for ten hits that reach the aimed
// recall. 0 means that it is known; kManySamples means that many or more.
inline constexpr uint64_t kManySamples = 1'000'000;
uint64_t samples_missing(const RecallTally& tally, double asked);

// The contract allows a share of the hits to be missed. A search that does the least necessary work
// misses between half of that share and all of it. The aim lies between the two.
double recall_aim(double asked);
double recall_more_than_enough(double asked);

}  // namespace rhumb::shard
