// What stands on a consensus group: a shard or the metadata. It is given committed entries, in
// order, one batch at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/base/status.h"

namespace rhumb::consensus {

enum class EntryType : uint8_t { kData = 0, kMembers = 1, kNoop = 2 };  // numbers of the plugin ABI

struct Entry {
  uint64_t index = 0, term = 0;
  EntryType type = EntryType::kData;
  std::string data;
};

struct Member {
  uint64_t id = 0;    // replica
  uint32_t role = 0;  // RHUMB_VOTER | RHUMB_LEARNER | ...
};

class StateMachine {
 public:
  using Done = std::function<void(base::Status)>;
  virtual ~StateMachine() = default;

  // Index of the last entry whose effects this state holds, as found at start; 0 = none. Read once,
  // when the group is opened.
  virtual uint64_t durable_index() const = 0;

  // Entries follow one another without gaps, from durable_index() + 1 (entry 1 of a new group is a
  // noop: the bootstrap record); noop and members entries advance the index and nothing else.
  // Called on the group's loop thread: must not block, hands the work to an executor. `done` fires
  // exactly once, on any thread, when the effects are visible; the next batch comes after it. A
  // failure fences the group: it applies and serves no more.
  virtual void apply(std::vector<Entry> entries, Done done) = 0;

  // The group's role changed on this replica. Loop thread; must not block.
  virtual void on_role(bool leader, uint64_t term) {
    (void)leader;
    (void)term;
  }
};

}  // namespace rhumb::consensus
