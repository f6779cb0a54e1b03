// Carries out committed commands: it appends rows, sets live bits and payload indexes, then writes
// one key-value transaction per batch, and then publishes.
//
// Belongs to the shard's apply strand. Applying an entry uses only the state and the entry itself,
// so replicas agree. After a crash the columns may be behind the key-value store; replay.h repairs
// that.
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
    // `log_bytes` is the size of the entries, and `points` the number of points that they changed.
    uint64_t log_bytes = 0, points = 0;
    bool rolled = false;  // a segment is full and can be sealed
  };
  // Applies at most apply_batch_entries entries, which follow the last applied one. After a failure
  // the shard is fenced: some of the batch may be in the columns, but none of it is visible.
  base::Result<Outcome> apply(std::span<const consensus::Entry> entries);

 private:
  friend class StoredPoint;
  struct Pending {
    // The point at the start of the batch, and the point now.
    std::optional<PointRow> before, now;
  };
  // An outcome for those who wait for a command, posted when the batch becomes visible.
  struct Told {
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
  base::Result<bool> change_point(const PreparedCommand& command, size_t i, uint64_t index);
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
  SchemaPtr schema_;  // the schema of the batch
};

}  // namespace rhumb::shard
