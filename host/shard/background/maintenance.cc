#include "host/shard/background/maintenance.h"

#include <algorithm>

#include "host/base/limits.h"
#include "host/base/log.h"

namespace rhumb::shard {

using base::Status;

namespace {
// A replay of this many takes some 20 ms.
constexpr uint64_t kUnsavedPoints = 1000, kUnsavedLogBytes = 4 * base::limits::kMiB;
}  // namespace

void Maintenance::checkpoint(Done done) {
  std::shared_ptr<Round> round;
  {
    const base::MutexLock lock(mutex_);
    waiting_.push_back(std::move(done));
    wanted_ = true;
    if (running_) return;
    round = take_round();
  }
  start(std::move(round));
}

void Maintenance::seal() {
  checkpoint([](const Status&) {});  // each round seals the segments that are full
}

std::shared_ptr<Maintenance::Round> Maintenance::take_round() {
  running_ = true;
  wanted_ = false;
  auto round = std::make_shared<Round>();
  round->done.swap(waiting_);
  return round;
}

void Maintenance::start(std::shared_ptr<Round> round) {
  apply_.post([this, round = std::move(round)] { begin(round); });
}

void Maintenance::applied(uint64_t log_bytes, uint64_t points) {
  log_bytes_ += log_bytes;
  points_ += points;
  if (log_bytes_ < core_.options.checkpoint_log_bytes && points_ < core_.options.checkpoint_points)
    return;
  log_bytes_ = points_ = 0;
  checkpoint([](const Status&) {});
}

bool Maintenance::unsaved() const {
  return log_bytes_ >= kUnsavedLogBytes || points_ >= kUnsavedPoints;
}

bool Maintenance::has_full_segments() const {
  return std::any_of(apply_state_.segments.begin(), apply_state_.segments.end(),
                     [&](const auto& held) { return full(held.first); });
}

bool Maintenance::full(uint32_t id) const {
  return id != apply_state_.open && apply_state_.find(id)->state() == segment::State::kGrowing;
}

void Maintenance::begin(const std::shared_ptr<Round>& round) {
  Status fenced = core_.fenced();
  if (!fenced.ok()) return finish(round, fenced);
  if (!core_.ready.load())
    return finish(round, {base::Code::kUnavailable, "the log is being replayed"});
  if (core_.stopping.load())
    return finish(round, {base::Code::kUnavailable, "the shard is being closed"});
  log_bytes_ = points_ = 0;
  round->watermark.index = core_.views.applied();
  for (const auto& [id, held] : apply_state_.segments) {
    round->watermark.lengths[id] = held.segment->lengths();
    round->segments.push_back(held.segment);
    if (full(id)) round->full.push_back(held.segment);
  }
  // Without a store nothing was ever written. The log keeps its few entries, and the shard stays
  // without files.
  const bool nothing_new =
      round->watermark.index == apply_state_.watermark.index || !core_.store.exists();
  if (nothing_new && round->full.empty() && !apply_state_.may_remove_garbage()) {
    // A crash between the watermark and the release leaves entries that nobody needs. An idle shard
    // would keep them for ever.
    if (core_.options.release_log && apply_state_.watermark.index > 0)
      core_.options.release_log(apply_state_.watermark.index);
    return finish(round, base::ok());
  }
  if (apply_state_.may_remove_garbage()) round->garbage.swap(apply_state_.garbage);
  apply_state_.pending_watermark = round->watermark.index;
  indexer_.checkpoint_begins(round->watermark);
  round->began = true;
  background_.post([this, round] { sync(round); });
}

void Maintenance::sync(const std::shared_ptr<Round>& round) {
  for (const auto& segment : round->segments) {
    const Status synced = segment->sync();
    if (synced.ok()) continue;
    core_.fence(synced);
    return finish(round, synced);
  }
  apply_.post([this, round] { commit(round); });
}

void Maintenance::commit(const std::shared_ptr<Round>& round) {
  AppliedState applied = apply_state_.applied;
  applied.index = std::max(applied.index, core_.views.applied());
  storage::KvBatch batch;
  batch.put(kState, kWatermarkKey, encode(round->watermark));
  batch.put(kState, kAppliedKey, encode(applied));
  batch.erase_range(kUndo, {}, index_key(round->watermark.index));
  batch.erase_range(kCommands, {},
                    index_key(AppliedCommands::level_1_forgettable(round->watermark.index)));
  const uint64_t forgotten =
      std::min(apply_state_.commands.forgotten_through(), round->watermark.index);
  batch.erase_range(kRequests, {}, index_key(forgotten));
  const Status written = core_.store.commit(batch, {});
  if (!written.ok()) {
    core_.fence(written);
    return finish(round, written);
  }
  apply_state_.applied = applied;
  apply_state_.watermark = round->watermark;
  apply_state_.pending_watermark.reset();
  background_.post([this, round] { release(round); });
}

void Maintenance::release(const std::shared_ptr<Round>& round) {
  Status outcome = core_.store.flush();
  if (outcome.ok()) {
    if (core_.options.release_log) core_.options.release_log(round->watermark.index);
    outcome = seal_full(*round);
  }
  if (!outcome.ok()) core_.fence(outcome);
  if (!outcome.ok() || round->garbage.empty()) return finish(round, outcome);
  // Graphs are saved on the same strand, so that none is saved into a removed directory.
  indexer_.remove_files(std::move(round->garbage), [this, round] { finish(round, base::ok()); });
}

Status Maintenance::seal_full(const Round& round) {
  for (const auto& full : round.full) {
    RHUMB_TRY(full->seal());
    base::log_info("shard", "segment sealed",
                   {{"shard", core_.options.shard},
                    {"segment", full->id()},
                    {"rows", round.watermark.lengths.at(full->id()).rows}});
  }
  return base::ok();
}

void Maintenance::finish(const std::shared_ptr<Round>& round, const Status& outcome) {
  if (round->began)
    indexer_.checkpoint_ended(outcome.ok() ? std::make_shared<const Watermark>(round->watermark)
                                           : nullptr);
  for (const Done& done : round->done) done(outcome);
  std::shared_ptr<Round> next;
  {
    const base::MutexLock lock(mutex_);
    running_ = false;
    if (wanted_)
      next = take_round();
    else
      idle_.notify_all();
  }
  if (next != nullptr) start(std::move(next));
}

void Maintenance::wait_idle() {
  const base::MutexLock lock(mutex_);
  while (running_) idle_.wait(mutex_);
}

}  // namespace rhumb::shard
