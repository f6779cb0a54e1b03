// The writer thread: rounds of group commit, the timed sync of the `interval` policy, and markers.
#include <algorithm>
#include <chrono>

#include "log.h"
#include "rhumb/cpp/guard.h"

namespace rhumb::wal {

bool Log::writer_has_work() const {
  return stopping_ || failure_ || sync_wanted_ || !queue_.empty();
}

void Log::run_writer() {
  Lock lock(mutex_);
  const auto interval = std::chrono::milliseconds(options_.interval_ms);
  auto sync_at = std::chrono::steady_clock::time_point::max();
  for (;;) {
    const auto ready = [this] { return writer_has_work(); };
    if (sync_at == std::chrono::steady_clock::time_point::max()) {
      writer_wake_.wait(lock, ready);
    } else if (!writer_wake_.wait_until(lock, sync_at, ready)) {
      sync_now(lock);
      leave_marker(lock);
      sync_at = std::chrono::steady_clock::time_point::max();
      continue;
    }
    if (failure_) {
      fail_round(lock, *failure_);
      if (stopping_) return;
      writer_wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      continue;
    }
    const auto round = take_round();
    const bool sync = options_.sync == SyncPolicy::kAlways;
    if (!round.empty()) {
      lock.unlock();
      std::optional<Error> failed;
      try {
        write_round(round, sync);
      } catch (const Error& e) {
        failed = e;
      }
      lock.lock();
      if (failed) {
        poison(*failed);
        continue;
      }
      finish_round(lock, round, sync);
    }
    const bool sync_is_due = std::chrono::steady_clock::now() >= sync_at;
    if (sync_is_due) sync_at = std::chrono::steady_clock::time_point::max();
    if (sync_is_due || sync_wanted_ || (stopping_ && queue_.empty())) sync_now(lock);
    if (queue_.empty()) leave_marker(lock);
    if (stopping_ && queue_.empty() && !failure_) {
      sync_now(lock);  // syncs the marker as well
      return;
    }
    if (options_.sync == SyncPolicy::kInterval && synced_to_ < written_to_) {
      sync_at = std::min(sync_at, std::chrono::steady_clock::now() + interval);
    }
  }
}

std::vector<std::shared_ptr<Batch>> Log::take_round() {
  if (!queue_.empty()) queue_.back()->close();
  return {queue_.begin(), queue_.end()};
}

// Called without the mutex. It uses closed batches, the segments' files and the writer's own
// members only.
void Log::write_round(const std::vector<std::shared_ptr<Batch>>& round, bool sync) {
  uint64_t extra_syncs = 0;
  Position durable;
  {
    const Lock lock(mutex_);
    durable = synced_to_;
  }
  for (const auto& batch : round) {
    if (last_written_ != nullptr && last_written_.get() != &batch->segment()) {
      // The first batch of a segment states that the segment before it is durable.
      last_written_->sync();
      ++extra_syncs;
      const Lock lock(mutex_);
      durable = synced_to_ = written_to_;
      synced_records_ = written_records_;
    }
    batch->seal(next_sequence_++, durable);
    batch->segment().write(batch->start().offset, batch->bytes());
    const Lock lock(mutex_);
    last_written_ = segments_.at(batch->start().segment);
    written_to_ = batch->end();
    written_records_ += batch->records();
    ++batches_;
  }
  if (sync) {
    last_written_->sync();
    ++extra_syncs;
  }
  const Lock lock(mutex_);
  proved_to_ = std::max(proved_to_, durable);
  fsyncs_ += extra_syncs;
}

void Log::finish_round(Lock& lock, const std::vector<std::shared_ptr<Batch>>& round, bool synced) {
  if (synced) {
    synced_to_ = written_to_;
    synced_records_ = written_records_;
  }
  for (const auto& batch : round) {
    queue_.pop_front();
    queued_bytes_ -= batch->size();
    cache(batch);
  }
  janitor_due_ = true;
  janitor_wake_.notify_one();
  lock.unlock();
  for (const auto& batch : round) {
    for (const rhumb_done_t& done : batch->done) done.fn(done.ctx, RHUMB_OK, nullptr);
  }
  lock.lock();
}

void Log::fail_round(Lock& lock, const Error& error) {
  const std::deque<std::shared_ptr<Batch>> round = std::move(queue_);
  queue_.clear();
  queued_bytes_ = 0;
  lock.unlock();
  rhumb_error_t told{sizeof(rhumb_error_t), 0, {}};
  fail(&told, RHUMB_IO, error.what(), error.os_errno());
  for (const auto& batch : round) {
    for (const rhumb_done_t& done : batch->done) done.fn(done.ctx, RHUMB_IO, &told);
  }
  lock.lock();
}

void Log::poison(const Error& error) {
  if (!failure_) {
    failure_ = error;
    say(RHUMB_LOG_ERROR, std::string("the log has failed and takes no more: ") + error.what());
  }
  writer_wake_.notify_all();
  janitor_wake_.notify_all();
}

void Log::sync_now(Lock& lock) {
  sync_wanted_ = false;
  if (last_written_ == nullptr || synced_to_ >= written_to_) return;
  const Position to = written_to_;
  const uint64_t records = written_records_;
  lock.unlock();
  std::optional<Error> failed;
  try {
    last_written_->sync();
  } catch (const Error& e) {
    failed = e;
  }
  lock.lock();
  if (failed) {
    poison(*failed);
    return;
  }
  ++fsyncs_;
  synced_to_ = to;
  synced_records_ = records;
  janitor_due_ = true;
  janitor_wake_.notify_one();
}

bool Log::marker_due() const {
  return !failure_ && active_ != nullptr && last_written_ == active_ && proved_to_ < records_to_ &&
         synced_to_ >= records_to_ && queue_.empty() &&
         next_.offset + kBatchHeaderBytes <= active_->capacity();
}

// Writes an empty batch which states that everything before it is durable. From then on damage to
// the newest records can be told from a torn tail. The marker itself is not synced; the next
// round's sync covers it.
void Log::leave_marker(Lock& lock) {
  if (!marker_due()) return;
  Batch marker(active_, next_.offset);
  const std::shared_ptr<Segment> segment = active_;
  const Position proof = synced_to_;
  next_ = marker.end();  // appends that come meanwhile go after it
  lock.unlock();
  std::optional<Error> failed;
  try {
    marker.seal(next_sequence_++, proof);
    segment->write(marker.start().offset, marker.bytes());
  } catch (const Error& e) {
    failed = e;
  }
  lock.lock();
  if (failed) {
    poison(*failed);
    return;
  }
  ++batches_;
  written_to_ = marker.end();
  proved_to_ = proof;
}

void Log::cache(std::shared_ptr<Batch> batch) {
  recent_bytes_ += batch->memory_bytes();
  recent_.push_back(std::move(batch));
  while (!recent_.empty() && recent_bytes_ > options_.cache_bytes) {
    recent_bytes_ -= recent_.front()->memory_bytes();
    recent_.pop_front();
  }
}

}  // namespace rhumb::wal
