// The janitor thread. It makes the next segment ahead of time, frees the oldest segments, and moves
// the records that idle groups still hold in the oldest segment to the head of the log, so that no
// idle group pins that segment.
#include <algorithm>
#include <chrono>

#include "log.h"
#include "rhumb/cpp/guard.h"

namespace rhumb::wal {

void Log::run_janitor() {
  Lock lock(mutex_);
  const auto ready = [this] { return stopping_ || failure_ || janitor_due_; };
  for (;;) {
    if (standby_error_) {
      // The disk was full: try again.
      janitor_wake_.wait_for(lock, std::chrono::milliseconds(kStandbyRetryMs), ready);
    } else {
      janitor_wake_.wait(lock, ready);
    }
    if (stopping_ || failure_) return;
    janitor_due_ = false;
    if (standby_needed()) make_standby(lock);
    while (!stopping_ && !failure_ && oldest_is_free()) free_oldest(lock);
    if (!stopping_ && !failure_ && oldest_outlived()) move_out_of_oldest(lock);
  }
}

// An idle log keeps one file. The next one is made when the present one is half full.
bool Log::standby_needed() const {
  if (standby_ != nullptr) return standby_->capacity() < standby_wanted_bytes_;
  return active_ == nullptr || standby_wanted_bytes_ > 0 || standby_error_.has_value() ||
         next_.offset >= active_->capacity() / 2;
}

void Log::make_standby(Lock& lock) {
  const uint64_t number = active_ != nullptr  ? active_->number() + 1
                          : segments_.empty() ? 1
                                              : segments_.rbegin()->first + 1;
  const uint64_t capacity =
      (std::max(options_.segment_bytes, standby_wanted_bytes_) + 4095) & ~uint64_t{4095};
  standby_wanted_bytes_ = 0;  // an append that still needs a large one asks again
  const std::shared_ptr<Segment> too_small = std::move(standby_);
  // No append can move on to another segment while there is no standby, so `number` stays the next
  // one.
  standby_ = nullptr;
  lock.unlock();
  std::shared_ptr<Segment> made;
  std::optional<Error> failed;
  try {
    if (too_small != nullptr) too_small->remove();
    made = Segment::create(dir_, number, capacity);
  } catch (const Error& e) {
    failed = e;
  }
  lock.lock();
  standby_ = std::move(made);
  if (failed && failed->status() != RHUMB_NO_SPACE) {
    poison(*failed);
  } else if (failed && !standby_error_) {
    say(RHUMB_LOG_WARN, std::string("no space for the next segment: ") + failed->what());
  }
  standby_error_ = failed;
}

bool Log::oldest_is_free() const {
  if (segments_.size() < 2) return false;
  const uint64_t number = segments_.begin()->first;
  const LogIndex::Use use = index_.use(number);
  return use.records == 0 && synced_to_.segment > number && use.freed_at <= synced_to_;
}

void Log::free_oldest(Lock& lock) {
  const std::shared_ptr<Segment> oldest = segments_.begin()->second;
  segments_.erase(oldest->number());
  ends_.erase(oldest->number());
  index_.forget_segment(oldest->number());
  while (!recent_.empty() && recent_.front()->start().segment <= oldest->number()) {
    // A cached batch would keep the file open and its space in use.
    recent_bytes_ -= recent_.front()->memory_bytes();
    recent_.pop_front();
  }
  lock.unlock();
  std::optional<Error> failed;
  try {
    oldest->remove();
  } catch (const Error& e) {
    failed = e;  // If this file stayed and later ones went, the next start would find a gap.
  }
  lock.lock();
  if (failed) {
    poison(*failed);
  } else {
    ++freed_segments_;
  }
}

uint64_t Log::used_bytes(uint64_t segment) const {
  const auto it = ends_.find(segment);
  return it != ends_.end() ? it->second : next_.offset;
}

uint64_t Log::total_bytes() const {
  uint64_t bytes = 0;
  for (const auto& [number, segment] : segments_) bytes += used_bytes(number);
  return bytes;
}

// Moving pays when it frees at least as many bytes as it writes, over the whole log or in this
// segment. It also pays when the segment is small, as segments from restarts are. So a log whose
// records are all live is never moved in circles.
bool Log::oldest_outlived() const {
  if (segments_.size() < 2) return false;
  const uint64_t number = segments_.begin()->first;
  const LogIndex::Use use = index_.use(number);
  if (number == stuck_segment_ || use.records == 0 || written_to_.segment <= number) return false;
  if (use.bytes <= options_.segment_bytes / kSmallRestDivisor) return true;
  if (segments_.size() <= options_.keep_segments) return false;
  const uint64_t used = used_bytes(number);
  return index_.live_bytes() * 2 <= total_bytes() || use.bytes * 2 <= used ||
         used < options_.segment_bytes / 4;
}

std::vector<Log::Found> Log::next_step(const std::vector<LogIndex::Live>& live, size_t from) const {
  std::vector<Found> step;
  uint64_t bytes = 0;
  for (size_t i = from; i < live.size() && (step.empty() || bytes < kCopyStepBytes); ++i) {
    step.push_back(locate(live[i].ref, live[i].index));
    bytes += record_bytes(live[i].ref.length);
  }
  return step;
}

void Log::move_out_of_oldest(Lock& lock) {
  const uint64_t number = segments_.begin()->first;
  const std::vector<LogIndex::Live> live = index_.live_in(number);
  size_t at = 0;
  while (at < live.size() && !stopping_ && !failure_) {
    const std::vector<Found> step = next_step(live, at);
    std::vector<std::string> bytes(step.size());
    std::optional<Error> failed;
    lock.unlock();
    try {
      std::string buffer;
      for (size_t i = 0; i < step.size(); ++i)
        bytes[i] = bytes_of(step[i], buffer, live[at + i].group);
    } catch (const Error& e) {
      failed = e;
    }
    lock.lock();
    if (failed) {
      // The record's group learns of the damage when it reads; the other groups go on. The segment
      // stays.
      stuck_segment_ = number;
      say(RHUMB_LOG_ERROR, std::string("a record cannot be moved: ") + failed->what());
      return;
    }
    if (!place_copies(lock, std::span(live).subspan(at, step.size()), bytes)) return;
    at += step.size();
    janitor_wake_.wait(lock,
                       [this] { return stopping_ || failure_ || queued_bytes_ < kMaxBatchBytes; });
  }
  // Under a policy that does not sync each round, the copies count only when they are durable.
  sync_wanted_ = true;
  writer_wake_.notify_one();
}

// Returns false if there is no room for the copies now.
bool Log::place_copies(Lock& lock, std::span<const LogIndex::Live> live,
                       const std::vector<std::string>& bytes) {
  for (size_t i = 0; i < live.size(); ++i) {
    const uint64_t size = record_bytes(bytes[i].size());
    if (!index_.holds(live[i])) continue;
    if (active_ == nullptr ||
        next_.offset + kBatchHeaderBytes + size + kReserveBytes > active_->capacity()) {
      if (standby_needed()) make_standby(lock);
      if (standby_ == nullptr || failure_ || !index_.holds(live[i])) return false;
    }
    Batch* batch = nullptr;
    try {
      batch = &place(size, kReserveBytes);
    } catch (const Error& e) {
      say(RHUMB_LOG_INFO, std::string("moving live records waits: ") + e.what());
      return false;
    }
    const auto type = live[i].ref.type;
    const RecordRef copy =
        batch->add({live[i].group, live[i].index, live[i].ref.term, type, kRecordCopy, bytes[i]});
    index_.relocate(live[i], copy, batch->end());
    queued_bytes_ += size;
    next_ = records_to_ = batch->end();
    ++moved_records_;
    writer_wake_.notify_one();
  }
  return true;
}

}  // namespace rhumb::wal
