// Turns the result of recovery into a log that takes appends. Every start begins a new segment, so
// nothing is ever appended after a torn tail.
#include <algorithm>

#include "log.h"
#include "rhumb/cpp/guard.h"

namespace rhumb::wal {

void Log::visit_group(uint64_t id, rhumb_log_visit_fn visit, void* ctx, bool& stopped) {
  const Group& group = *index_.find(id);
  std::string buffer;
  const auto show = [&](const RecordRef& ref, uint64_t index) {
    if (stopped || !ref) return;
    const std::string_view data = bytes_of(locate(ref, index), buffer, id);
    const rhumb_log_entry_t entry{id, index, ref.term, ref.type, 0, slice(data)};
    stopped = visit(ctx, &entry) == 0;
  };
  show(group.hard_state, 0);
  show(group.base, group.base_index);
  if (group.empty()) return;
  for (uint64_t i = group.first(); i <= group.last() && !stopped; ++i) show(group.at(i), i);
}

void Log::recover(rhumb_log_visit_fn visit, void* ctx) {
  if (recovered_) throw Error(RHUMB_INVALID, "recover() was called before");
  remove_unfinished(dir_);
  Recovered recovered = read_log(dir_);
  if (recovered.dropped_bytes > 0) {
    say(RHUMB_LOG_WARN, "dropped a torn tail of " + std::to_string(recovered.dropped_bytes) +
                            " bytes after segment " + std::to_string(recovered.end.segment) +
                            ", offset " + std::to_string(recovered.end.offset));
  }
  adopt(std::move(recovered));
  bool stopped = false;
  for (const uint64_t id : index_.group_ids()) visit_group(id, visit, ctx, stopped);
  const Lock lock(mutex_);
  recovered_ = true;
  janitor_due_ = true;
  writer_ = std::thread([this] { run_writer(); });
  janitor_ = std::thread([this] { run_janitor(); });
}

void Log::adopt(Recovered recovered) {
  next_sequence_ = recovered.next_sequence;
  std::shared_ptr<Segment> tail;
  for (size_t i = 0; i < recovered.segments.size(); ++i) {
    const auto& segment = recovered.segments[i];
    if (segment->number() <= recovered.end.segment) {
      segments_[segment->number()] = segment;
      ends_[segment->number()] = recovered.ends[i];
      tail = segment;
    } else if (active_ == nullptr) {
      active_ = segment;
      active_->restamp();
    } else {
      segment->remove();
    }
  }
  // The bytes that a killed process left in the page cache count from here on, so they have to be
  // as durable as all others.
  if (tail != nullptr) tail->sync();
  written_to_ = synced_to_ = records_to_ = proved_to_ = recovered.end;
  index_ = std::move(recovered.index);
  next_ = recovered.end;
  if (active_ != nullptr || make_first_segment(recovered)) {
    next_ = {active_->number(), kSegmentHeaderBytes};
  } else if (!reuse_tail(tail)) {
    return;
  }
  // The marker proves that the old tail is whole, so the unused rest of that file can be cut off.
  // Without such a proof a shorter file would count as damaged.
  Batch marker(active_, next_.offset);
  marker.seal(next_sequence_++, synced_to_);
  active_->write(marker.start().offset, marker.bytes());
  active_->sync();
  segments_[active_->number()] = last_written_ = active_;
  ends_.erase(active_->number());
  written_to_ = synced_to_ = records_to_ = next_ = marker.end();
  if (tail != nullptr && tail != active_) tail->cut(recovered.end.offset);
}

// Returns false if the disk is full.
bool Log::make_first_segment(const Recovered& recovered) {
  const uint64_t number = recovered.segments.empty() ? 1 : recovered.segments.back()->number() + 1;
  try {
    active_ = Segment::create(dir_, number, options_.segment_bytes);
  } catch (const Error& e) {
    if (e.status() != RHUMB_NO_SPACE) throw;
    standby_error_ = e;
    say(RHUMB_LOG_WARN, e.what());
  }
  return active_ != nullptr;
}

// Used on a full disk: the unused rest of the newest segment takes the releases that free space. It
// is wiped first, so that no leftover of a torn tail can ever join new records. Returns false if
// even that rest is used up; the log is then read-only.
bool Log::reuse_tail(const std::shared_ptr<Segment>& tail) {
  if (tail == nullptr || next_.offset + kBatchHeaderBytes > tail->capacity()) return false;
  const std::string zeros(
      static_cast<size_t>(std::min<uint64_t>(tail->capacity() - next_.offset, kMiB)), '\0');
  for (uint64_t at = next_.offset; at < tail->capacity(); at += zeros.size()) {
    tail->write(at, std::string_view(zeros).substr(0, static_cast<size_t>(std::min<uint64_t>(
                                                          zeros.size(), tail->capacity() - at))));
  }
  tail->sync();
  active_ = tail;
  return true;
}

}  // namespace rhumb::wal
