#include "host/shard/background/measuring_job.h"

#include "host/base/clock.h"

namespace rhumb::shard {

using base::Result;
using base::Status;

namespace {
// The number of hits that a moved point asks for, as calibration does.
constexpr uint32_t kMovedHits = 10;
// Filters that no payload index serves may take long. After this time no more searches are
// gathered.
constexpr uint64_t kGatherNs = 2'000'000'000;
}  // namespace

MeasuringJob::MeasuringJob(const Core& core, const RecallWatch::Task& task, double recall,
                           std::vector<QueryReservoir::Kept> queries, uint64_t seed)
    : task_(task),
      view_(core.views.current()),
      trial_(core, view_, recall),
      kept_(std::move(queries)),
      search_(task.least, task.most, task.start),
      phase_(Phase::kGather),
      chosen_(task.start) {
  if (task_.source == RecallWatch::Source::kSearches) return;
  moved_ = std::make_unique<MovedPoints>(core, view_, seed);
  phase_ = Phase::kSpread;
}

std::vector<uint64_t> MeasuringJob::numbers() const {
  std::vector<uint64_t> out;
  for (size_t i = 0; i < gathered_ && i < kept_.size(); ++i) out.push_back(kept_[i].number);
  return out;
}

Result<bool> MeasuringJob::step() {
  switch (phase_) {
    case Phase::kSpread: {
      RHUMB_ASSIGN(const bool known, moved_->step());
      if (known) phase_ = Phase::kGather;
      break;
    }
    case Phase::kGather: {
      RHUMB_ASSIGN(const bool more, gather());
      if (!more) phase_ = Phase::kCompare;
      break;
    }
    case Phase::kCompare: {
      RHUMB_ASSIGN(const bool known, trial_.step());
      if (!known) break;
      for (size_t i = 0; i < trial_.size(); ++i) neighbours_ += trial_.neighbours(i);
      phase_ = Phase::kAsk;
      at_ = task_.kind == RecallWatch::Task::Kind::kTrial ? search_.next().value_or(task_.start)
                                                          : task_.start;
      break;
    }
    case Phase::kAsk:
      RHUMB_TRY(ask());
      break;
    case Phase::kDone:
      break;
  }
  return phase_ == Phase::kDone;
}

// Gathers one more query. False means that there are no more.
Result<bool> MeasuringJob::gather() {
  if (moved_) {
    auto request = gathered_++ < task_.queries ? moved_->next(kMovedHits) : std::nullopt;
    return request ? trial_.add(std::move(*request)) : Result<bool>(false);
  }
  if (gathered_ == kept_.size() || gather_ns_ >= kGatherNs) return false;
  const uint64_t began_ns = base::monotonic_ns();
  RHUMB_TRY(trial_.add(*kept_[gathered_++].request).status());
  gather_ns_ += base::monotonic_ns() - began_ns;
  return true;
}

// Asks one query at the present breadth, and ends the breadth after the last query.
Status MeasuringJob::ask() {
  std::vector<RecallSample>& samples = samples_[at_];
  if (samples.size() < trial_.size()) {
    RHUMB_ASSIGN(const RecallSample sample, trial_.ask(samples.size(), breadth_factor(at_)));
    missed_ += sample.of - sample.found;
    samples.push_back(sample);
    if (samples.size() < trial_.size() && !hopeless()) return base::ok();
  }
  asked_all();
  return base::ok();
}

// True if so many neighbours are missed already that the remaining queries cannot keep the promise.
// The result of the greatest breadth is always measured in full.
bool MeasuringJob::hopeless() const {
  return task_.kind == RecallWatch::Task::Kind::kTrial &&
         at_<task_.most&& static_cast<double>(missed_)>(1 - task_.asked) *
             static_cast<double>(neighbours_);
}

// Chooses the least breadth that is enough. If the engine changes its strategy at that breadth and
// finds far more, the step before it is taken, provided that it keeps the promise, too.
int MeasuringJob::choose() const {
  const auto recall = [&](int step) {
    const auto samples = samples_.find(step);
    RecallTally tally;
    if (samples == samples_.end() || samples->second.size() < trial_.size()) return 0.0;
    for (const RecallSample& s : samples->second) tally.add(s);
    return tally.interval().mean;
  };
  const int least = search_.result();
  return recall(least) > recall_more_than_enough(task_.asked) && recall(least - 1) >= task_.asked
             ? least - 1
             : least;
}

void MeasuringJob::asked_all() {
  phase_ = Phase::kDone;
  // Without neighbours none can be missed.
  if (task_.kind != RecallWatch::Task::Kind::kTrial || neighbours_ == 0) return;
  search_.tell(at_, static_cast<double>(missed_) <=
                        (1 - recall_aim(task_.asked)) * static_cast<double>(neighbours_));
  missed_ = 0;
  const auto next = search_.next();
  if (!next) {
    chosen_ = choose();
    return;
  }
  at_ = *next;
  phase_ = Phase::kAsk;
}

}  // namespace rhumb::shard
