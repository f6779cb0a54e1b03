#include "host/shard/background/merger.h"

#include <algorithm>
#include <utility>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/base/memory_guard.h"
#include "host/base/metrics.h"
#include "host/shard/write/admission.h"

namespace rhumb::shard {

using base::Code;
using base::Status;

namespace {

constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kRetryMs = 10'000;  // after a merge that failed or did not fit
constexpr uint64_t kQuietMs = 1000;    // without writes, after which a checkpoint is made
// The apply strand has the rest of the time while rows are moved.
constexpr uint64_t kMovePauses = 4, kMaxPauseNs = 20 * kMs;
constexpr size_t kFinishedKept = 16;
// A merged segment takes this part more than its rows, for graphs and checksums.
constexpr uint64_t kRoomForDerived = 2;

base::Counter& merges_counted(const char* outcome) {
  return base::counter("rhumb_segment_merges_total", {{"outcome", outcome}});
}

const char* optimizer_of(const MergePlan& plan) { return plan.merges_sizes ? "merge" : "vacuum"; }

}  // namespace

Merger::Merger(Core& core, ApplyState& apply_state, Maintenance& maintenance, base::Strand& apply,
               base::Strand& merging)
    : core_(core),
      apply_state_(apply_state),
      maintenance_(maintenance),
      apply_(apply),
      merging_(merging),
      mover_(core, apply_state),
      gate_(std::make_shared<Gate>()) {
  const base::MutexLock lock(gate_->mutex);
  gate_->open = this;
}

Merger::~Merger() { stop(); }

void Merger::changed() {
  last_change_ns_.store(base::monotonic_ns(), std::memory_order_relaxed);
  look_at(base::monotonic_ns() + core_.options.compaction.look_ms * kMs);
}

// There is one timer at a time.
void Merger::look_at(uint64_t when_ns) {
  if (core_.options.timers == nullptr || scheduled_.exchange(true)) return;
  core_.options.timers->at({when_ns}, [gate = gate_] {
    const base::MutexLock lock(gate->mutex);
    if (gate->open == nullptr) return;
    gate->open->scheduled_.store(false);
    gate->open->apply_.post([merger = gate->open] { merger->look(); });
  });
}

void Merger::compact(Done done) {
  {
    const base::MutexLock lock(mutex_);
    waiting_.push_back(std::move(done));
  }
  apply_.post([this] {
    retry_ns_ = 0;
    look();
  });
}

void Merger::answer(const Status& outcome) {
  std::vector<Done> waiting;
  {
    const base::MutexLock lock(mutex_);
    waiting.swap(waiting_);
  }
  for (const Done& done : waiting) done(outcome);
}

bool Merger::begin_work() {
  const base::MutexLock lock(mutex_);
  if (working_) return false;
  working_ = true;
  return true;
}

void Merger::end_work() {
  const base::MutexLock lock(mutex_);
  working_ = false;
  idle_.notify_all();
}

void Merger::stop() {
  {
    const base::MutexLock lock(gate_->mutex);
    gate_->open = nullptr;
  }
  apply_.drain();  // a look that the timer has posted
  {
    const base::MutexLock lock(mutex_);
    while (working_ && !paused_) idle_.wait(mutex_);
    working_ = paused_ = false;
  }
  apply_.drain();  // the task that ended the work
  answer({Code::kUnavailable, "the shard is being closed"});
}

void Merger::look() {
  if (core_.stopping.load() || !core_.serving().ok())
    return answer({Code::kUnavailable, "the shard is being closed or opened"});
  if (!begin_work()) return;  // its end looks again
  if (!core_.store.forwards().empty()) return move_rows();
  const CompactionOptions& options = core_.options.compaction;
  bool asked = false;
  {
    const base::MutexLock lock(mutex_);
    asked = !waiting_.empty();
  }
  const uint64_t now = base::monotonic_ns();
  const bool idle = asked || now - last_change_ns_.load() >= options.idle_ms * kMs;
  MergePlan found;
  if (now >= retry_ns_ && (asked || options.enabled)) found = plan(idle);
  switch (found.kind) {
    case MergePlan::Kind::kNothing:
      return nothing_to_do(found, idle);
    case MergePlan::Kind::kClose:
      return close_segment();
    case MergePlan::Kind::kDrop:
    case MergePlan::Kind::kMerge:
      return begin(std::move(found));
  }
}

MergePlan Merger::plan(bool idle) const {
  const CompactionOptions& options = core_.options.compaction;
  MergeLimits limits;
  limits.dead_share = idle ? options.dead_share : options.busy_dead_share;
  limits.dead_rows = options.dead_rows;
  limits.dead_bytes = options.dead_bytes;
  limits.fan_in = options.fan_in;
  limits.max_rows = options.max_rows;
  limits.max_bytes = options.max_bytes;
  if (const auto disk = disk_room(core_.options); disk.ok())
    limits.room_bytes = (disk->free - std::min(disk->free, disk->reserve)) / kRoomForDerived;
  std::vector<MergeCandidate> candidates;
  for (const auto& [id, held] : apply_state_.segments) {
    candidates.push_back({id, held.segment->lengths().rows, held.live.count(),
                          held.segment->bytes(), held.segment->lengths().overrides,
                          held.segment->state() == segment::State::kSealed,
                          id == apply_state_.open});
  }
  MergePlan found = plan_merge(candidates, limits);
  if (found.kind != MergePlan::Kind::kMerge) return found;
  std::string blocked = no_memory(found.inputs);
  if (blocked.empty()) return found;
  MergePlan none;
  none.blocked = std::move(blocked);
  none.merges_sizes = found.merges_sizes;
  return none;
}

// The new graph is in memory beside the old ones.
std::string Merger::no_memory(const std::vector<uint32_t>& inputs) const {
  base::MemoryGuard* const memory = core_.options.segment.memory;
  if (memory == nullptr) return {};
  double bytes = 0;
  for (const uint32_t id : inputs) {
    const ApplyState::Held& held = apply_state_.segments.at(id);
    const double share =
        static_cast<double>(held.live.count()) / std::max<double>(1, held.segment->lengths().rows);
    for (size_t c = 0; c < held.segment->vectors().size(); ++c) {
      const auto stats = held.segment->graph(c).stats();
      if (stats.ok())
        bytes += share * static_cast<double>(stats->bytes_resident + stats->bytes_mapped);
    }
  }
  const auto wanted = static_cast<uint64_t>(bytes);
  if (wanted == 0 || memory->room_for(wanted)) return {};
  return "the graph of a merged segment would take " + std::to_string(wanted) +
         " bytes of memory, for which the limit leaves no room";
}

void Merger::nothing_to_do(const MergePlan& plan, bool idle) {
  {
    const base::MutexLock lock(mutex_);
    if (!plan.blocked.empty() && (!blocked_ || blocked_->error != plan.blocked))
      base::log_warn("shard", "segments are not merged",
                     {{"shard", core_.options.shard}, {"reason", plan.blocked}});
    blocked_.reset();
    if (!plan.blocked.empty()) {
      blocked_.emplace();
      blocked_->optimizer = optimizer_of(plan);
      blocked_->error = plan.blocked;
    }
  }
  const uint64_t now = base::monotonic_ns(), changed = last_change_ns_.load();
  const bool unsaved = maintenance_.unsaved();
  // Full segments are sealed by a checkpoint, and then there may be something to merge. After a
  // burst of writes a checkpoint spares the next start their replay.
  if (apply_state_.may_remove_garbage() || maintenance_.has_full_segments() ||
      (unsaved && now - changed >= kQuietMs * kMs))
    return give_back();
  end_work();
  answer(plan.blocked.empty() ? base::ok() : Status(Code::kNoSpace, plan.blocked));
  if (!plan.blocked.empty() || now < retry_ns_)
    look_at(now + kRetryMs * kMs);
  else if (unsaved)
    look_at(changed + kQuietMs * kMs);
  else if (!idle)
    look_at(changed + core_.options.compaction.idle_ms * kMs);
}

void Merger::give_back() {
  maintenance_.checkpoint([this](const Status& outcome) {
    apply_.post([this, outcome] {
      end_work();
      if (!outcome.ok()) return answer(outcome);
      look();
    });
  });
}

// The checkpoint seals it.
void Merger::close_segment() {
  apply_state_.open.reset();
  give_back();
}

void Merger::begin(MergePlan plan) {
  auto job = std::make_shared<MergeJob>(core_, apply_state_, plan.inputs);
  rounds_ = 0;
  {
    const base::MutexLock lock(mutex_);
    job_ = job;
    blocked_.reset();
    current_ = job->description();
    current_.optimizer = optimizer_of(plan);
    current_.reason = std::move(plan.reason);
    current_.started_ms = base::wall_ns() / kMs;
  }
  base::log_info(
      "shard", "merging segments",
      {{"shard", core_.options.shard}, {"segments", job->inputs().size()}, {"rows", job->rows()}});
  merging_.post([this, job = std::move(job)] { copy(job); });
}

void Merger::copy(const std::shared_ptr<MergeJob>& job) {
  const Status copied = core_.stopping.load() ? Status(Code::kCancelled, "stopping") : job->copy();
  if (!copied.ok()) {
    job->discard();
    apply_.post([this, job, copied] { end(copied); });
    return;
  }
  apply_.post([this, job] { again(job); });
}

// One more round in the background, then a try to finish.
void Merger::again(const std::shared_ptr<MergeJob>& job) {
  job->look();
  merging_.post([this, job] {
    const Status caught_up = job->catch_up();
    if (!caught_up.ok()) job->discard();
    apply_.post([this, job, caught_up] { caught_up.ok() ? check(job) : end(caught_up); });
  });
}

void Merger::check(const std::shared_ptr<MergeJob>& job) {
  const Status serving =
      core_.stopping.load() ? Status(Code::kCancelled, "stopping") : core_.serving();
  if (!serving.ok()) return drop(job, serving);
  if (job->far_behind() && ++rounds_ < kMaxCatchUpRounds) return again(job);
  const Status finished = job->finish();
  if (finished.ok()) {
    merging_.post([inputs = job->take_inputs()] {});
    return end(finished);
  }
  // After a failed transaction it is not known whether the store names the output.
  if (finished.code() != Code::kBusy)
    return core_.fenced().ok() ? drop(job, finished) : end(finished);
  // When this returns, no checkpoint is between its first and its last step.
  maintenance_.checkpoint([this, job](const Status&) { apply_.post([this, job] { again(job); }); });
}

void Merger::drop(const std::shared_ptr<MergeJob>& job, const Status& reason) {
  merging_.post([this, job, reason] {
    job->discard();
    apply_.post([this, job, reason] { end(reason); });
  });
}

void Merger::end(const Status& outcome) {
  const bool cancelled = core_.stopping.load();
  apply_state_.making.reset();
  if (!outcome.ok() && !cancelled) {
    (void)core_.watch(outcome);
    retry_ns_ = base::monotonic_ns() + kRetryMs * kMs;
    base::log_warn("shard", "a merge of segments failed",
                   {{"shard", core_.options.shard}, {"reason", outcome.to_string()}});
  }
  merges_counted(outcome.ok() ? "done" : cancelled ? "cancelled" : "failed").add();
  std::shared_ptr<MergeJob> ended;  // is not freed under the lock
  {
    const base::MutexLock lock(mutex_);
    if (!outcome.ok()) current_.error = outcome.to_string();
    current_.done = job_->done();
    current_.ended_ms = base::wall_ns() / kMs;
    finished_.push_back(std::move(current_));
    if (finished_.size() > kFinishedKept) finished_.erase(finished_.begin());
    ended.swap(job_);
  }
  if (outcome.ok()) return give_back();
  end_work();
  answer(outcome);
  if (!cancelled) look_at(retry_ns_);
}

void Merger::move_rows() {
  if (core_.stopping.load()) return end_work();
  const uint64_t began = base::monotonic_ns();
  const auto more = mover_.step(core_.options.compaction.move_rows);
  if (!more.ok() || !*more) {
    end_work();
    if (!more.ok()) return answer(core_.watch(more.status()));
    return look();
  }
  if (core_.options.timers == nullptr) return apply_.post([this] { move_rows(); });
  const uint64_t now = base::monotonic_ns();
  pause_until(now + std::min(kMaxPauseNs, kMovePauses * (now - began)));
}

// After stop() has closed the gate the timer does nothing, so stop() ends work that is paused.
void Merger::pause_until(uint64_t when_ns) {
  {
    const base::MutexLock lock(mutex_);
    paused_ = true;
    idle_.notify_all();
  }
  core_.options.timers->at({when_ns}, [gate = gate_] {
    const base::MutexLock lock(gate->mutex);
    if (gate->open != nullptr) gate->open->go_on();
  });
}

void Merger::go_on() {
  {
    const base::MutexLock lock(mutex_);
    paused_ = false;
  }
  apply_.post([this] { move_rows(); });
}

std::vector<model::Optimization> Merger::optimizations() const {
  const base::MutexLock lock(mutex_);
  std::vector<model::Optimization> all(finished_.begin(), finished_.end());
  if (blocked_) all.push_back(*blocked_);
  if (job_ == nullptr) return all;
  all.push_back(current_);
  all.back().phase = job_->phase();
  all.back().done = job_->done();
  return all;
}

}  // namespace rhumb::shard
