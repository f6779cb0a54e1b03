// Carries committed commands out: rows appended, live bits, payload indexes, then one KV
// transaction a batch, then publication.
//
// Belongs to the shard's apply strand. An entry is decoded and applied without looking at anything
// but the state and itself, so replicas agree. What survives a crash: see decisions.md; the columns
// may be behind the KV store, and replay.h puts that right.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include "host/base/status.h"
#include "host/consensus/state_machine.h"
#include "host/shard/state/apply_state.h"
#include "host/shard/state/core.h"
#include "host/shard/write/change.h"

namespace rhumb::shard {

class Applier {
 public:
  Applier(Core& core, ApplyState& apply_state) : core_(core), apply_state_(apply_state) {}

  struct Outcome {
    uint64_t log_bytes = 0, points = 0;  // of the entries; changed by them
    bool rolled = false;                 // a segment is full: it can be sealed
  };
  // At most apply_batch_entries entries, following the last applied one. After a failure the shard
  // is fenced: some of the batch may be in the columns, none of it is visible.
  base::Result<Outcome> apply(std::span<const consensus::Entry> entries);

 private:
  friend class StoredPoint;
  struct Pending {
    std::optional<PointRow> before, now;  // at the start of the batch; at this moment
  };
  struct Told {  // to who waits for a command, when the batch becomes visible
    uint64_t attempt = 0;
    CommandOutcome outcome;
    bool total = false;
  };
  struct Batch {
    uint64_t first_index = 0;
    std::unordered_map<std::string, Pending> points;
    std::set<std::pair<uint32_t, uint32_t>> live_blocks;
    std::map<uint32_t, Publication::Change> changes;
    Outcome outcome;
    std::vector<Told> told;
  };

  base::Status apply_entry(const consensus::Entry& entry);
  base::Result<uint64_t> change_points(const model::Command& command, uint64_t index);
  base::Result<bool> change_point(const model::Command& command, size_t i,
                                  const CommandFilter& filter, uint64_t index);
  base::Result<Pending*> lookup(const std::string& key);
  base::Status write_row(const std::string& key, Pending& pending, const Change& change,
                         uint64_t index);
  base::Status write_payload(const std::string& key, Pending& pending, Change& change,
                             PointState& point, uint64_t index);
  void remove(const std::string& key, Pending& pending, uint64_t index);
  void retire_row(const PointRow& row, uint64_t index);
  base::Result<segment::Segment*> segment_for(const segment::RowInput& row);
  base::Result<segment::Segment*> begin_segment();
  Publication::Change& touched(uint32_t segment);
  base::Status commit(uint64_t last_index);
  void put_points(storage::KvBatch& batch) const;
  void put_state(storage::KvBatch& batch);
  void retire_dead();

  Core& core_;
  ApplyState& apply_state_;
  Batch batch_;
  SchemaPtr schema_;  // of the batch
};

}  // namespace rhumb::shard
