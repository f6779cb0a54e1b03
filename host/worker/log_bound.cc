#include "host/worker/log_bound.h"

#include <algorithm>

#include "host/base/limits.h"
#include "host/base/log.h"

namespace rhumb::worker {

using base::Code;
using base::Status;

LogBound::LogBound(uint64_t bytes, Measure measure, Checkpoint checkpoint, base::Executor& executor)
    : bound_(bytes),
      step_(std::max<uint64_t>(bytes / base::limits::kLogLooksPerBound, 1)),
      measure_(std::move(measure)),
      checkpoint_(std::move(checkpoint)),
      executor_(executor) {}

LogBound::~LogBound() { stop(); }

Status LogBound::admit() {
  std::unique_lock lock(mutex_);
  if (!pinned_ || bytes_ + since_ < bound_) return base::ok();
  look(std::move(lock));
  return {Code::kBusy, "the log has reached its bound of " + std::to_string(bound_) + " bytes (storage.log_bytes) and is being checkpointed"};
}

void LogBound::wrote(uint64_t bytes) {
  std::unique_lock lock(mutex_);
  since_ += bytes;
  if (since_ >= step_) look(std::move(lock));
}

void LogBound::look(std::unique_lock<std::mutex> lock) {
  if (busy_ || stopped_) return;
  busy_ = true;
  asked_.clear();
  lock.unlock();
  post_turn();
}

void LogBound::post_turn() {
  if (!executor_.post([this] { turn(); }).ok()) finish();  // too much to do, or the end: the next write looks again
}

void LogBound::turn() {
  {
    const std::lock_guard lock(mutex_);
    since_ = 0;
  }
  const auto use = measure_();
  if (!use.ok()) base::log_warn("worker", "the log does not tell its size", {{"error", use.status().to_string()}});
  uint64_t group = 0;
  if (use.ok()) {
    const std::lock_guard lock(mutex_);
    bytes_ = use->bytes;
    pinned_ = use->oldest_group != 0;
    if (bytes_ >= bound_ / 2 && pinned_ && !stopped_ && asked_.insert(use->oldest_group).second) group = use->oldest_group;
  }
  if (group == 0) return finish();
  checkpoint_(group, [this] { post_turn(); });
}

void LogBound::finish() {
  const std::lock_guard lock(mutex_);
  busy_ = false;
  idle_.notify_all();
}

void LogBound::stop() {
  std::unique_lock lock(mutex_);
  stopped_ = true;
  idle_.wait(lock, [this] { return !busy_; });
}

}  // namespace rhumb::worker
