// What the log held of a group when the node started, and where the engine starts from that.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/base/status.h"
#include "host/consensus/records.h"
#include "host/storage/log_store.h"

namespace rhumb::consensus {

struct RecoveredEntry {
  uint64_t term = 0;
  uint32_t bytes = 0;
  EntryType type = EntryType::kData;
};

struct RecoveredGroup {
  HardState hard;
  uint64_t base_index = 0, base_term = 0;
  // The base is the bootstrap record, so a state machine that holds nothing fits.
  bool bootstrapped = false;
  std::vector<RecoveredEntry> entries;  // from base_index + 1 on
  // The payloads of the membership entries, by index.
  std::map<uint64_t, std::string> membership_changes;

  uint64_t last_index() const { return base_index + entries.size(); }
  uint64_t term_at(uint64_t index) const {
    return index == base_index ? base_term : entries[index - base_index - 1].term;
  }
};

struct StartPoint {
  uint64_t commit = 0;
  // The state machine's next entry is the one after this index.
  uint64_t machine_applied = 0;
  // The engine knows the members as of this index.
  uint64_t engine_applied = 0;
};

// Runs LogStore::recover and sorts its records by group.
base::Result<std::unordered_map<uint64_t, RecoveredGroup>> recover_groups(storage::LogStore& log);

// `machine_applied` is the index that the state machine says it holds. kCorrupt means that the
// state machine and the log do not meet.
base::Result<StartPoint> find_start(const RecoveredGroup& group, uint64_t machine_applied);

}  // namespace rhumb::consensus
