#include "index.h"

#include <algorithm>

#include "options.h"
#include "rhumb/cpp/guard.h"

namespace rhumb::wal {

RecordRef& Group::slot(uint64_t index) {
  if (empty()) {
    entries_.clear();
    head_ = 0;
    first_ = index;
  }
  const uint64_t low = std::min(index, first_), high = std::max(index, empty() ? index : last());
  if (high - low >= kMaxIndexSpan)
    throw Error(RHUMB_CORRUPT, "indexes " + std::to_string(low) + " and " + std::to_string(high) +
                                   " in one group");
  if (index < first_) {
    entries_.insert(entries_.begin() + static_cast<ptrdiff_t>(head_), first_ - index, RecordRef{});
    first_ = index;
  }
  const size_t needed = head_ + (index - first_) + 1;
  if (needed > entries_.size()) entries_.resize(needed);
  return entries_[needed - 1];
}

void Group::pop_front() {
  ++head_;
  ++first_;
  if (head_ == entries_.size()) {
    entries_ = {};
    head_ = 0;
  } else if (head_ >= 64 && head_ * 2 >= entries_.size()) {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(head_));
    head_ = 0;
  }
}

void LogIndex::check(std::span<const rhumb_log_entry_t> records) const {
  struct Ends {
    uint64_t base, last;
  };
  std::unordered_map<uint64_t, Ends> ends;
  for (const rhumb_log_entry_t& r : records) {
    const auto fault = [&r](const std::string& what) {
      return Error(RHUMB_INVALID, "group " + std::to_string(r.group) + ", index " +
                                      std::to_string(r.index) + ": " + what);
    };
    if (!is_known_type(r.type)) throw fault("unknown record type " + std::to_string(r.type));
    if (r.type == RHUMB_LOG_HARD_STATE) continue;
    auto it = ends.find(r.group);
    if (it == ends.end()) {
      const Group* group = find(r.group);
      it = ends.emplace(r.group,
                        group == nullptr ? Ends{0, 0} : Ends{group->base_index, group->last()})
               .first;
    }
    Ends& e = it->second;
    if (is_entry(r.type)) {
      if (r.index <= e.base) throw fault("at or below the base " + std::to_string(e.base));
      if (r.index > e.last + 1) throw fault("leaves a gap after " + std::to_string(e.last));
      if (r.index - e.base >= kMaxIndexSpan)
        throw Error(RHUMB_BUSY,
                    "group " + std::to_string(r.group) + " holds too many entries: release some");
      e.last = r.index;
    } else if (r.type == RHUMB_LOG_BASE) {
      if (r.index < e.base) throw fault("below the base " + std::to_string(e.base));
      e = {r.index, std::max(e.last, r.index)};
    } else {
      e = r.type == RHUMB_LOG_INSTALL ? Ends{r.index, r.index} : Ends{0, 0};
    }
  }
}

void LogIndex::set(RecordRef& slot, const RecordRef& ref, Position end) {
  if (slot) {
    Use& old = uses_[slot.segment];
    --old.records;
    old.bytes -= record_bytes(slot.length);
    live_bytes_ -= record_bytes(slot.length);
    old.freed_at = std::max(old.freed_at, end);
  }
  slot = ref;
  if (slot) {
    Use& now = uses_[slot.segment];
    ++now.records;
    now.bytes += record_bytes(slot.length);
    live_bytes_ += record_bytes(slot.length);
  }
}

void LogIndex::truncate(Group& group, uint64_t from, Position end) {
  while (!group.empty() && group.last() >= from) {
    set(group.entries_.back(), {}, end);
    group.entries_.pop_back();
  }
  if (group.empty()) {
    group.entries_ = {};
    group.head_ = 0;
    group.first_ = group.base_index + 1;
  }
}

void LogIndex::drop_to(Group& group, uint64_t index, Position end) {
  while (!group.empty() && group.first() <= index) {
    set(group.entries_[group.head_], {}, end);
    group.pop_front();
  }
  if (group.empty()) group.first_ = group.base_index + 1;
}

void LogIndex::apply_entry(Group& group, const Record& record, const RecordRef& ref, Position end) {
  if (record.index <= group.base_index) return;
  if ((record.flags & kRecordCopy) == 0) truncate(group, record.index, end);
  set(group.slot(record.index), ref, end);
}

void LogIndex::apply_base(Group& group, const Record& record, const RecordRef& ref, Position end) {
  if (record.type == RHUMB_LOG_INSTALL && (record.flags & kRecordCopy) == 0)
    truncate(group, 0, end);
  group.base_index = record.index;
  group.base_term = record.term;
  drop_to(group, record.index, end);
  set(group.base, ref, end);
}

void LogIndex::apply(const Record& record, const RecordRef& ref, Position end) {
  if (record.type == RHUMB_LOG_DROP) {
    erase_group(record.group, end);
    return;
  }
  Group& group = groups_[record.group];
  if (is_entry(record.type)) {
    apply_entry(group, record, ref, end);
  } else if (record.type == RHUMB_LOG_HARD_STATE) {
    set(group.hard_state, ref, end);
  } else {
    apply_base(group, record, ref, end);
  }
}

void LogIndex::erase_group(uint64_t id, Position end) {
  const auto it = groups_.find(id);
  if (it == groups_.end()) return;
  truncate(it->second, 0, end);
  set(it->second.base, {}, end);
  set(it->second.hard_state, {}, end);
  groups_.erase(it);
}

void LogIndex::finish_replay() {
  for (auto& [id, group] : groups_) {
    uint64_t expected = group.base_index + 1;
    for (size_t i = group.head_; i < group.entries_.size(); ++i, ++expected) {
      if (group.entries_[i] && group.first_ == group.base_index + 1) continue;
      const uint64_t until = group.first_ != group.base_index + 1 ? group.first_ : expected + 1;
      throw Error(RHUMB_CORRUPT, "group " + std::to_string(id) + ": entries from " +
                                     std::to_string(expected) + " are missing, the next one is " +
                                     std::to_string(until) + " or later");
    }
  }
}

RecordRef* LogIndex::find_slot(const Live& live) {
  const auto it = groups_.find(live.group);
  if (it == groups_.end()) return nullptr;
  Group& group = it->second;
  if (live.ref.type == RHUMB_LOG_HARD_STATE) return &group.hard_state;
  if (!is_entry(live.ref.type)) return &group.base;
  if (group.empty() || live.index < group.first() || live.index > group.last()) return nullptr;
  return &group.entries_[group.head_ + (live.index - group.first())];
}

bool LogIndex::holds(const Live& live) const {
  const RecordRef* slot = const_cast<LogIndex*>(this)->find_slot(live);
  return slot != nullptr && *slot == live.ref;
}

void LogIndex::relocate(const Live& live, const RecordRef& copy, Position end) {
  set(*find_slot(live), copy, end);
}

const Group* LogIndex::find(uint64_t group) const {
  const auto it = groups_.find(group);
  return it == groups_.end() ? nullptr : &it->second;
}

std::vector<uint64_t> LogIndex::group_ids() const {
  std::vector<uint64_t> ids;
  ids.reserve(groups_.size());
  for (const auto& [id, group] : groups_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

LogIndex::Use LogIndex::use(uint64_t segment) const {
  const auto it = uses_.find(segment);
  return it == uses_.end() ? Use{} : it->second;
}

std::vector<LogIndex::Live> LogIndex::live_in(uint64_t segment) const {
  std::vector<Live> live;
  for (const uint64_t id : group_ids()) {
    const Group& group = groups_.at(id);
    if (group.hard_state.segment == segment) live.push_back({id, 0, group.hard_state});
    if (group.base.segment == segment) live.push_back({id, group.base_index, group.base});
    for (size_t i = group.head_; i < group.entries_.size(); ++i) {
      if (group.entries_[i].segment == segment)
        live.push_back({id, group.first_ + (i - group.head_), group.entries_[i]});
    }
  }
  return live;
}

uint64_t LogIndex::heaviest_group(uint64_t segment) const {
  uint64_t best = 0, best_bytes = 0;
  for (const auto& [id, group] : groups_) {
    uint64_t bytes = 0;
    for (size_t i = group.head_; i < group.entries_.size(); ++i) {
      if (group.entries_[i].segment == segment) bytes += record_bytes(group.entries_[i].length);
    }
    if (bytes > best_bytes || (bytes == best_bytes && bytes > 0 && id < best)) {
      best = id;
      best_bytes = bytes;
    }
  }
  return best;
}

}  // namespace rhumb::wal
