// The log's content as an index in memory: the place of each group's live records, and the number
// of live records that pin each segment. The same apply() builds it during appends and during
// replay. It has no locks; the Log's mutex guards it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "format.h"

namespace rhumb::wal {

// The place where a record starts. segment == 0 means no record.
struct RecordRef {
  uint64_t term = 0;
  uint32_t segment = 0, offset = 0, length = 0;  // length of the data
  uint16_t type = 0;
  bool operator==(const RecordRef&) const = default;
  explicit operator bool() const { return segment != 0; }
};

// One group. Invariant outside of replay: the entries cover (base_index, last] without holes.
class Group {
 public:
  uint64_t base_index = 0, base_term = 0;
  RecordRef base;  // the BASE or INSTALL record; none for a group that starts at index 1
  RecordRef hard_state;

  bool empty() const { return head_ == entries_.size(); }
  uint64_t first() const { return first_; }
  uint64_t last() const { return empty() ? base_index : first_ + (entries_.size() - head_) - 1; }
  const RecordRef& at(uint64_t index) const { return entries_[head_ + (index - first_)]; }

 private:
  friend class LogIndex;
  // Makes room, with holes for entries that replay has not reached yet.
  RecordRef& slot(uint64_t index);
  void pop_front();
  std::vector<RecordRef> entries_;  // [head_, end) hold indexes first_, first_ + 1, ...
  size_t head_ = 0;
  uint64_t first_ = 1;
};

class LogIndex {
 public:
  struct Use {
    uint64_t records = 0, bytes = 0;
    // Once the log is durable up to here, the records that left this segment are surely superseded.
    Position freed_at;
  };
  struct Live {
    uint64_t group = 0, index = 0;  // index: for entries only
    RecordRef ref;
  };

  // Throws RHUMB_INVALID if the records may not follow the present content: an unknown type, a gap,
  // an entry at or below the base, or a falling base.
  void check(std::span<const rhumb_log_entry_t> records) const;
  // `ref` is the record's place, and `end` is the end of the log after it.
  void apply(const Record& record, const RecordRef& ref, Position end);
  // Called after a replay. Throws RHUMB_CORRUPT if a group lacks entries.
  void finish_replay();
  // Whether the record is still live and in its old place.
  bool holds(const Live& live) const;
  // Points the index to the copy. holds(live) must be true.
  void relocate(const Live& live, const RecordRef& copy, Position end);

  const Group* find(uint64_t group) const;
  std::vector<uint64_t> group_ids() const;  // ascending
  Use use(uint64_t segment) const;
  uint64_t live_bytes() const { return live_bytes_; }
  void forget_segment(uint64_t segment) { uses_.erase(segment); }
  // Returns the live records of a segment, ordered by group and index.
  std::vector<Live> live_in(uint64_t segment) const;
  // Returns the group with the most live entries in a segment, which should take a checkpoint. 0 =
  // none.
  uint64_t heaviest_group(uint64_t segment) const;

 private:
  void set(RecordRef& slot, const RecordRef& ref, Position end);
  void truncate(Group& group, uint64_t from, Position end);
  void drop_to(Group& group, uint64_t index, Position end);
  void apply_entry(Group& group, const Record& record, const RecordRef& ref, Position end);
  void apply_base(Group& group, const Record& record, const RecordRef& ref, Position end);
  void erase_group(uint64_t id, Position end);
  RecordRef* find_slot(const Live& live);

  std::unordered_map<uint64_t, Group> groups_;
  std::unordered_map<uint64_t, Use> uses_;
  uint64_t live_bytes_ = 0;
};

}  // namespace rhumb::wal
