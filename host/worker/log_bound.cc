#include "host/worker/log_bound.h"

#include <algorithm>
#include <utility>

#include "host/base/limits.h"
#include "host/base/log.h"

namespace rhumb::worker {

using base::Code;
using base::Status;

LogBound::LogBound(uint64_t bytes, Measure measure, Groups groups, Checkpoint checkpoint,
                   base::Executor& executor)
    : bound_(bytes),
      step_(std::max<uint64_t>(bytes / base::limits::kLogLooksPerBound, 1)),
      measure_(std::move(measure)),
      groups_(std::move(groups)),
      checkpoint_(std::move(checkpoint)),
      executor_(executor) {}

LogBound::~LogBound() { stop(); }

Status LogBound::admit() {
  bool turn_due = false;
  {
    const base::MutexLock lock(mutex_);
    if (bytes_ + since_ < bound_ || (!pinned_ && since_ < bound_)) return base::ok();
    turn_due = begin_turn();
  }
  if (turn_due) post_turn();
  return {Code::kBusy, "the log has reached its bound of " + std::to_string(bound_) +
                           " bytes (storage.log_bytes) and is being checkpointed"};
}

void LogBound::wrote(uint64_t bytes) {
  bool turn_due = false;
  {
    const base::MutexLock lock(mutex_);
    since_ += bytes;
    turn_due = since_ >= step_ && begin_turn();
  }
  if (turn_due) post_turn();
}

bool LogBound::begin_turn() {
  if (busy_ || stopped_) return false;
  busy_ = true;
  asked_.clear();
  return true;
}

void LogBound::post_turn() {
  // The executor has too much to do, or is stopping. The next write checks again.
  if (!executor_.post([this] { turn(); }).ok()) finish();
}

void LogBound::turn() {
  {
    const base::MutexLock lock(mutex_);
    counted_ = since_;
  }
  const auto use = measure_();
  if (!use.ok())
    base::log_warn("worker", "the log does not report its size",
                   {{"error", use.status().to_string()}});
  const uint64_t group = use.ok() ? next_group(*use) : 0;
  if (group == 0) return finish();
  checkpoint_(group, [this] { post_turn(); });
}

// Returns the group to checkpoint now. 0 means that there is none, or that the effect of the last
// checkpoint does not show yet.
uint64_t LogBound::next_group(const storage::LogUse& use) {
  const std::vector<uint64_t> all = groups_();
  const base::MutexLock lock(mutex_);
  bytes_ = use.bytes;
  // Bytes that arrived during the measurement may count twice, but are never left out.
  since_ -= std::exchange(counted_, 0);
  pinned_ = use.oldest_group != 0;
  if (bytes_ < bound_ / 2 || !pinned_ || stopped_) return 0;
  if (asked_.insert(use.oldest_group).second) return use.oldest_group;
  if (bytes_ < bound_ / 4 * 3) return 0;
  for (const uint64_t group : all) {
    if (asked_.insert(group).second) return group;
  }
  return 0;
}

void LogBound::finish() {
  const base::MutexLock lock(mutex_);
  busy_ = false;
  idle_.notify_all();
}

void LogBound::stop() {
  const base::MutexLock lock(mutex_);
  stopped_ = true;
  while (busy_) idle_.wait(mutex_);
}

}  // namespace rhumb::worker
