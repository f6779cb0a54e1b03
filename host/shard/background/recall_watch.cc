#include "host/shard/background/recall_watch.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "host/base/clock.h"
#include "host/base/limits.h"
#include "host/base/log.h"
#include "host/base/metrics.h"
#include "host/model/contract.h"

namespace rhumb::shard {

namespace limits = base::limits;

namespace {

constexpr double kFewSamples = 30;  // nothing is concluded from fewer
// The next four constants are expected misses: the neighbours of all samples times (1 - promise).
// Searches become broader by the mean of samples with at least this many.
constexpr double kMissesToWiden = 10;
// Searches become narrower, or the first trial begins, at this many.
constexpr double kMissesToNarrow = 30;
// A trial has this many, if there are enough queries.
constexpr double kMissesOfTrial = 160;
// A trial of moved points has fewer, because somebody may wait for the result.
constexpr double kMissesOfMoved = 100;
constexpr uint64_t kTrialQueriesMin = 128;
// The interval of at least this many samples may show that more is found than enough.
constexpr double kSurelySamples = 64;

base::Gauge& gauge(const char* name, uint64_t shard) {
  return base::gauge(name, {{"shard", std::to_string(shard)}});
}

RecallWatch::Measured measured_of(const RecallTally& tally) {
  return {tally.interval(), static_cast<uint64_t>(tally.samples())};
}

}  // namespace

std::optional<bool> RecallWatch::State::kept() const {
  const Measured& m = deciding();
  if (asked <= 0 || m.samples == 0) return std::nullopt;
  return model::contract_kept(asked, m.interval.mean, m.interval.low, m.interval.high);
}

RecallWatch::~RecallWatch() {
  if (asked() > 0) gauge("rhumb_recall_asked", shard_).set(0);
}

void RecallWatch::promise(double recall) {
  const base::MutexLock lock(mutex_);
  if (recall == asked_) return;
  asked_ = recall;
  asked_now_.store(recall, std::memory_order_relaxed);
  begin_epoch();
  searches_ = moved_ = {};
  trial_rows_ = 0;
  step_ = 0;
  short_told_ = false;
  widen_.store(1, std::memory_order_relaxed);
  gauge("rhumb_recall_asked", shard_).set(recall);
  if (recall == 0) return;
  gauge("rhumb_recall_widen", shard_).set(1);
}

void RecallWatch::begin_epoch() {
  searches_.tally = moved_.tally = {};
  epoch_.fetch_add(1, std::memory_order_acq_rel);
}

bool RecallWatch::decided(const Samples& samples) const {
  const RecallInterval now = samples.tally.interval();
  return samples.tally.samples() > 0 &&
         model::contract_kept(asked_, now.mean, now.low, now.high).has_value();
}

bool RecallWatch::known() const {
  const base::MutexLock lock(mutex_);
  return decided(deciding());
}

// The number of queries in which this many misses are expected at the promised recall.
uint64_t RecallWatch::trial_queries(double misses, double hits) const {
  const double queries = std::ceil(misses / ((1 - asked_) * std::max(hits, 1.0)) - 1e-6);
  return static_cast<uint64_t>(std::clamp(queries, static_cast<double>(kTrialQueriesMin),
                                          static_cast<double>(limits::kRecallTrialQueries)));
}

// True if it is certain that too little is found, or likely from as many samples as kMissesToWiden
// needs.
bool RecallWatch::too_little(const RecallTally& tally) const {
  if (tally.samples() < kFewSamples) return false;
  const RecallInterval now = tally.interval();
  return now.high < asked_ ||
         (tally.neighbours() * (1 - asked_) >= kMissesToWiden && now.mean < asked_);
}

bool RecallWatch::more_than_enough(const RecallTally& tally) const {
  if (tally.samples() < kSurelySamples) return false;
  const RecallInterval now = tally.interval();
  const double enough = recall_more_than_enough(asked_);
  return now.low > enough ||
         (tally.neighbours() * (1 - asked_) >= kMissesToNarrow && now.mean > enough);
}

// Samples of other data say nothing. A breadth below the calibrated one was found on the data of
// its trial. If the data have grown by half, that breadth is given up until another trial.
void RecallWatch::look_at_data(const Supply& supply) {
  const uint64_t moved =
      supply.rows > epoch_rows_ ? supply.rows - epoch_rows_ : epoch_rows_ - supply.rows;
  if (epoch_rows_ == 0 || moved * limits::kRecallEpochShare > epoch_rows_) {
    if (epoch_rows_ > 0) begin_epoch();
    epoch_rows_ = supply.rows;
  }
  const bool grown = trial_rows_ > 0 && supply.rows > trial_rows_ + trial_rows_ / 2;
  if (grown) {
    trial_rows_ = 0;
    searches_.tried = moved_.tried = false;
    searches_.until_trial = moved_.until_trial = 0;
  }
  graphs_ = supply.graphs;
  if (step_ < 0 && (grown || !supply.graphs))
    change(0, grown ? "the data have grown by half" : "no graph answers");
}

RecallWatch::Task RecallWatch::trial(Source source, const Samples& samples,
                                     uint64_t queries) const {
  Task task{Task::Kind::kTrial, source, queries, kBreadthLeast,
            kBreadthMost,       step_,  epoch(), asked_};
  // A few queries do not override what the samples already show.
  if (too_little(samples.tally)) task.least = step_;
  if (more_than_enough(samples.tally)) task.most = step_;
  return task;
}

std::optional<RecallWatch::Task> RecallWatch::next_of_searches(const Supply& supply) const {
  const bool low = too_little(searches_.tally),
             much = more_than_enough(searches_.tally) && step_ > kBreadthLeast;
  const uint64_t few = trial_queries(kMissesToNarrow, supply.hits),
                 good = trial_queries(kMissesOfTrial, supply.hits);
  const bool first = !searches_.tried && supply.held >= few;
  // A trial with more searches than the last one chooses the breadth better, even if nothing
  // contradicts the present one.
  const bool better = searches_.tried && searches_.trial_queries < good && supply.held >= good;
  const bool again =
      searches_.since_trial >= searches_.until_trial && ((low && step_ < kBreadthMost) || much);
  const auto least = static_cast<uint64_t>(low ? kFewSamples : kSurelySamples);
  if (supply.graphs && (first || better || (again && supply.held >= least)))
    return trial(Source::kSearches, searches_, std::min(supply.held, good));
  if (supply.fresh > 0)
    return Task{Task::Kind::kSample,
                Source::kSearches,
                std::min<uint64_t>(supply.fresh, limits::kRecallBatch),
                0,
                0,
                step_,
                epoch(),
                0};
  return std::nullopt;
}

std::optional<RecallWatch::Task> RecallWatch::next_of_moved(const Supply& supply) const {
  if (moved_.nothing_in == epoch()) return std::nullopt;
  if (!supply.calm) return std::nullopt;  // what is measured now would soon be of other data
  if (supply.graphs && !moved_.tried) {
    return trial(Source::kMoved, moved_, trial_queries(kMissesOfMoved, 10));
  }
  if (decided(moved_) || moved_.tally.samples() >= limits::kRecallMovedSamples) return std::nullopt;
  return Task{Task::Kind::kSample, Source::kMoved, limits::kRecallBatch, 0, 0, step_, epoch(), 0};
}

RecallWatch::Task RecallWatch::next(const Supply& supply) {
  const base::MutexLock lock(mutex_);
  if (asked_ <= 0) return {};
  if (supply.rows == 0) return {};
  look_at_data(supply);
  const auto task =
      searched_.load(std::memory_order_relaxed) ? next_of_searches(supply) : next_of_moved(supply);
  return task.value_or(Task{});
}

void RecallWatch::add(Samples& samples, const std::vector<RecallSample>& more) {
  for (const RecallSample& s : more) {
    if (s.of == 0) continue;
    samples.tally.add(s);
    ++samples.since_trial;
    ++total_;
    if (samples.tally.samples() >= limits::kRecallWindowSamples) samples.tally.halve();
  }
}

uint64_t RecallWatch::sampled(const Task& task, const std::vector<RecallSample>& samples) {
  const base::MutexLock lock(mutex_);
  if (asked_ <= 0 || task.epoch != epoch()) return 0;
  Samples& mine = of(task.source);
  const double before = mine.tally.samples();
  add(mine, samples);
  if (mine.tally.samples() == before) mine.nothing_in = epoch();
  tell();
  return epoch();
}

uint64_t RecallWatch::tried(const Task& task, int step, const std::vector<RecallSample>& samples) {
  const base::MutexLock lock(mutex_);
  if (asked_ <= 0 || task.epoch != epoch()) return 0;
  trial_rows_ = epoch_rows_;
  Samples& mine = of(task.source);
  const bool same = mine.tried && step == step_;
  mine.tried = true;
  mine.trial_queries = task.queries;
  mine.since_trial = 0;
  mine.until_trial =
      std::max<uint64_t>(same ? 2 * mine.until_trial : samples.size() / 2, kTrialQueriesMin / 2);
  RecallTally there;
  for (const RecallSample& s : samples) {
    if (s.of > 0) there.add(s);
  }
  if (there.samples() == 0) mine.nothing_in = epoch();
  // Samples in which too few misses are expected are no reason to do less work.
  if (step < step_ && there.neighbours() * (1 - asked_) < kMissesToWiden) return 0;
  const RecallInterval now = there.interval();
  const char* kind = task.source == Source::kSearches ? "searches" : "moved stored points";
  char text[200];
  std::snprintf(text, sizeof(text), "measured %.4f (%.4f to %.4f) over %zu %s, asked %g", now.mean,
                now.low, now.high, samples.size(), kind, asked_);
  if (step != step_) change(step, text);
  mine.tally = {};  // an epoch that goes on may hold some of these searches already
  add(mine, samples);
  mine.since_trial = 0;
  tell();
  return epoch();
}

void RecallWatch::change(int step, const std::string& why) {
  const auto was = static_cast<double>(widen()), is = static_cast<double>(breadth_factor(step));
  char text[280];
  std::snprintf(text, sizeof(text), "breadth x%.2f, was x%.2f: %s", is, was, why.c_str());
  base::log_info("shard", "contract", {{"shard", shard_}, {"action", std::string(text)}});
  actions_.push_back({base::wall_ns() / 1'000'000, text});
  if (actions_.size() > limits::kRecallActions) actions_.pop_front();
  step_ = step;
  widen_.store(breadth_factor(step), std::memory_order_relaxed);
  gauge("rhumb_recall_widen", shard_).set(is);
  begin_epoch();  // the searches that follow have another breadth
}

void RecallWatch::tell() {
  const RecallTally& tally = deciding().tally;
  const RecallInterval now = tally.interval();
  if (tally.samples() > 0) {
    gauge("rhumb_recall_measured", shard_).set(now.mean);
    gauge("rhumb_recall_low", shard_).set(now.low);
  }
  gauge("rhumb_recall_samples", shard_).set(static_cast<double>(total_));
  if (short_told_ || !at_most(deciding())) return;
  short_told_ = true;
  base::log_warn("shard", "the contract's recall is not kept at the greatest breadth",
                 {{"shard", shard_}, {"asked", asked_}, {"measured", now.mean}});
}

RecallWatch::State RecallWatch::state() const {
  const base::MutexLock lock(mutex_);
  State out;
  out.asked = asked_;
  out.searched = searched_.load(std::memory_order_relaxed);
  out.searches = measured_of(searches_.tally);
  out.moved = measured_of(moved_.tally);
  out.samples_total = total_;
  out.widen = widen();
  if (at_most(deciding())) out.limit = "the greatest breadth is reached, and too little is found";
  if (!graphs_ && too_little(deciding().tally))
    out.limit = "most rows are not in a graph, and no breadth changes what is found of them";
  if (at_least(deciding()))
    out.limit =
        "the least breadth is reached, and its recall is more than halfway from what is asked up "
        "to 1";
  if (asked_ > 0) out.missing = samples_missing(deciding().tally, asked_);
  out.actions.assign(actions_.begin(), actions_.end());
  return out;
}

}  // namespace rhumb::shard
