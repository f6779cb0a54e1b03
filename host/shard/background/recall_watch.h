// What is promised, what was measured of it, and what is to be measured next: the decisions of the
// contract, without the measuring (host/shard/background/measurer.h) and without a clock.
//
// Samples are of one breadth and of about the same data: another breadth, another promise or an
// eighth of the rows more begin anew. Samples of stored points that were moved a little stand in
// for searches until there are some; both are kept apart.
//
// Any thread. In memory only: a start begins anew.
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
    bool graphs = false;  // graphs answer: their breadth matters
    bool calm = true;     // few rows come in
    uint64_t held = 0;    // real searches at hand
    uint64_t fresh = 0;   // of them, not yet measured in this epoch
    double hits = 10;     // that a search asks for, on average
  };
  struct Task {
    enum class Kind : uint8_t { kNone, kSample, kTrial };
    // kSample: at the breadth of now. kTrial: at several, to find the least that is enough
    Kind kind = Kind::kNone;
    Source source = Source::kMoved;
    uint64_t queries = 0;
    int least = kBreadthLeast, most = kBreadthMost, start = 0;  // of a trial
    uint64_t epoch = 0;
    double asked = 0;  // of a trial: what is promised; recall_aim() of it is enough
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
    // why the recall is not between what is asked and half of the way up to 1; empty: it is, or is
    // not known
    std::string limit;
    uint64_t missing = 0;         // samples, of what decides
    std::vector<Action> actions;  // the latest, oldest first
    const Measured& deciding() const { return searched ? searches : moved; }
    std::optional<bool> kept() const;
  };

  explicit RecallWatch(uint64_t shard) : shard_(shard) {}

  // What is promised; another promise begins anew. 0: nothing.
  void promise(double recall);
  // Factor on the breadth that the promise needs by calibration.
  float widen() const { return widen_.load(std::memory_order_relaxed); }
  // Of the samples that count now.
  uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  // Whether the contract is kept is known.
  bool known() const;
  double asked() const { return asked_now_.load(std::memory_order_relaxed); }

  // What to measure now.
  Task next(const Supply& supply);
  // There was a real search: from now on searches decide.
  void searched() { searched_.store(true, std::memory_order_relaxed); }
  // It was measured. One that was begun before something changed does not count any more. The epoch
  // in which it counts; 0: in none.
  uint64_t sampled(const Task& task, const std::vector<RecallSample>& samples);
  // The trial's result: the least breadth that is enough, or the greatest of those it was to try,
  // and what was measured there.
  uint64_t tried(const Task& task, int step, const std::vector<RecallSample>& samples);
  State state() const;

 private:
  struct Samples {
    RecallTally tally;
    // samples since the last trial, and how many there must be before the next one
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
