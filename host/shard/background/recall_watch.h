// The decisions of the recall contract: what is promised, what was measured of it, and what to
// measure next. The measuring itself (host/shard/background/measurer.h) and the clock are
// elsewhere.
//
// Samples are of one breadth and of about the same data. Another breadth, another promise or an
// eighth more rows discards them. Samples of moved points (stored points that were moved a little)
// stand in for searches until there are some; the two kinds are kept apart.
//
// Any thread. Everything is in memory only, so a start begins from nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "host/base/mutex.h"
#include "host/shard/background/breadth_search.h"
#include "host/shard/background/recall_interval.h"

namespace rhumb::shard {

class RecallWatch {
 public:
  enum class Source : uint8_t { kMoved, kSearches };
  // What there is to measure.
  struct Supply {
    uint64_t rows = 0;    // in the view
    bool graphs = false;  // graphs answer, so their breadth matters
    bool calm = true;     // few rows come in
    uint64_t held = 0;    // real searches that are kept
    uint64_t fresh = 0;   // of those, not measured in this epoch yet
    double hits = 10;     // hits that a search asks for, on average
  };
  struct Task {
    enum class Kind : uint8_t { kNone, kSample, kTrial };
    // kSample measures at the present breadth. kTrial measures at several, to find the smallest
    // that is enough.
    Kind kind = Kind::kNone;
    Source source = Source::kMoved;
    uint64_t queries = 0;
    int least = kBreadthLeast, most = kBreadthMost, start = 0;  // of a trial
    uint64_t epoch = 0;
    double asked = 0;  // of a trial: the promise, of which recall_aim() is enough
  };
  struct Action {
    uint64_t wall_ms = 0;
    std::string what;
  };
  struct Measured {
    RecallInterval interval;
    uint64_t samples = 0;
  };
  struct State {
    double asked = 0;  // 0: nothing is promised
    bool searched = false;
    Measured searches, moved;  // of this epoch
    uint64_t samples_total = 0;
    float widen = 1;
    // Why the recall is not between what is asked and halfway up to 1. Empty means that it is, or
    // that it is not known.
    std::string limit;
    uint64_t missing = 0;         // samples missing, of the kind that decides
    std::vector<Action> actions;  // the latest ones, oldest first
    const Measured& deciding() const { return searched ? searches : moved; }
    std::optional<bool> kept() const;
  };

  explicit RecallWatch(uint64_t shard) : shard_(shard) {}
  ~RecallWatch();  // the metrics of a shard that is gone ask for nothing

  // Sets what is promised. A different promise discards the samples; 0 promises nothing.
  void promise(double recall);
  // The factor on the breadth that calibration gives for the promise.
  float widen() const { return widen_.load(std::memory_order_relaxed); }
  // The epoch of the samples that count now.
  uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  // True if it is known whether the contract is kept.
  bool known() const;
  double asked() const { return asked_now_.load(std::memory_order_relaxed); }

  // Returns what to measure now.
  Task next(const Supply& supply);
  // Reports that there was a real search. From now on searches decide.
  void searched() { searched_.store(true, std::memory_order_relaxed); }
  // Reports that a task was measured. A task that was begun before something changed does not count
  // any more. Returns the epoch in which it counts, or 0 if it does not.
  uint64_t sampled(const Task& task, const std::vector<RecallSample>& samples);
  // Reports a trial's result: the smallest breadth that is enough, or the largest of those it was
  // to try, and what was measured at it.
  uint64_t tried(const Task& task, int step, const std::vector<RecallSample>& samples);
  State state() const;

 private:
  struct Samples {
    RecallTally tally;
    // The number of samples since the last trial, and how many there must be before the next one.
    uint64_t since_trial = 0, until_trial = 0;
    uint64_t trial_queries = 0;  // of the last trial
    uint64_t nothing_in = 0;     // the epoch in which there was nothing to measure
    bool tried = false;
  };
  Samples& of(Source source) RHUMB_REQUIRES(mutex_) {
    return source == Source::kSearches ? searches_ : moved_;
  }
  const Samples& deciding() const RHUMB_REQUIRES(mutex_) {
    return searched_.load(std::memory_order_relaxed) ? searches_ : moved_;
  }
  bool decided(const Samples& samples) const RHUMB_REQUIRES(mutex_);
  void look_at_data(const Supply& supply) RHUMB_REQUIRES(mutex_);
  Task trial(Source source, const Samples& samples, uint64_t queries) const RHUMB_REQUIRES(mutex_);
  std::optional<Task> next_of_searches(const Supply& supply) const RHUMB_REQUIRES(mutex_);
  std::optional<Task> next_of_moved(const Supply& supply) const RHUMB_REQUIRES(mutex_);
  uint64_t trial_queries(double misses, double hits) const RHUMB_REQUIRES(mutex_);
  bool too_little(const RecallTally& tally) const RHUMB_REQUIRES(mutex_);
  bool more_than_enough(const RecallTally& tally) const RHUMB_REQUIRES(mutex_);
  bool at_most(const Samples& samples) const RHUMB_REQUIRES(mutex_) {
    return step_ == kBreadthMost && too_little(samples.tally);
  }
  bool at_least(const Samples& samples) const RHUMB_REQUIRES(mutex_) {
    return step_ == kBreadthLeast && more_than_enough(samples.tally);
  }
  void begin_epoch() RHUMB_REQUIRES(mutex_);
  void add(Samples& samples, const std::vector<RecallSample>& more) RHUMB_REQUIRES(mutex_);
  void change(int step, const std::string& why) RHUMB_REQUIRES(mutex_);
  void tell() RHUMB_REQUIRES(mutex_);

  const uint64_t shard_;
  std::atomic<float> widen_{1};
  std::atomic<uint64_t> epoch_{1};
  std::atomic<double> asked_now_{0};
  std::atomic<bool> searched_{false};
  mutable base::Mutex mutex_;
  double asked_ RHUMB_GUARDED_BY(mutex_) = 0;
  int step_ RHUMB_GUARDED_BY(mutex_) = 0;
  // Rows when the epoch and the last trial began.
  uint64_t epoch_rows_ RHUMB_GUARDED_BY(mutex_) = 0;
  uint64_t trial_rows_ RHUMB_GUARDED_BY(mutex_) = 0;
  Samples searches_ RHUMB_GUARDED_BY(mutex_);
  Samples moved_ RHUMB_GUARDED_BY(mutex_);
  uint64_t total_ RHUMB_GUARDED_BY(mutex_) = 0;
  bool graphs_ RHUMB_GUARDED_BY(mutex_) = true;  // as of the last supply
  bool short_told_ RHUMB_GUARDED_BY(mutex_) = false;
  std::deque<Action> actions_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::shard
