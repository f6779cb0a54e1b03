// From samples to what may be said: an interval, a verdict, and how many samples a verdict still
// needs. Pure arithmetic.
#pragma once

#include <cstdint>
#include <optional>

namespace rhumb::shard {

struct RecallSample {
  uint32_t found = 0, of = 0;  // of the closest `of`, so many were found
};

struct RecallInterval {
  double mean = 0, low = 0, high = 1;
};

// The sums of many samples that the interval needs, in constant memory. The samples are of one
// breadth.
class RecallTally {
 public:
  void add(RecallSample sample);
  void halve();  // older samples count half from now on

  double samples() const { return samples_; }
  double neighbours() const { return of_; }
  // At 95 %: Wilson's interval (JASA 1927) with Kish's design effect, because the hits of one
  // search hang together; a search counts as one trial at least. times: as it would be after so
  // many times the samples, if they went on like these. Without samples: 0 to 1.
  RecallInterval interval(double times = 1) const;

 private:
  double samples_ = 0, of_ = 0, found_ = 0;
  double found_squares_ = 0, of_squares_ = 0, products_ = 0;
};

// Samples that are missing until the contract is known to be kept or not, if the next ones are like
// these. Without a sample: like searches for ten that find what is aimed at. 0: it is known.
// kManySamples: so many or more.
inline constexpr uint64_t kManySamples = 1'000'000;
uint64_t samples_missing(const RecallTally& tally, double asked);

// Of what may be missing, a search that does least work misses between a half and all. The aim lies
// between the two.
double recall_aim(double asked);
double recall_more_than_enough(double asked);

}  // namespace rhumb::shard
