// The interface of what runs on a consensus group: a shard or the metadata. It is given committed
// entries in order, one batch at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/base/status.h"

namespace rhumb::consensus {

enum class EntryType : uint8_t { kData = 0, kMembers = 1, kNoop = 2 };  // values of the plugin ABI

struct Entry {
  uint64_t index = 0, term = 0;
  EntryType type = EntryType::kData;
  std::string data;
};

struct Member {
  uint64_t id = 0;    // replica id
  uint32_t role = 0;  // RHUMB_VOTER | RHUMB_LEARNER | ...
};

class StateMachine {
 public:
  using Done = std::function<void(base::Status)>;
  virtual ~StateMachine() = default;

  // The index of the last entry whose effects this state holds, as found at start; 0 means none.
  // Read once, when the group is opened.
  virtual uint64_t durable_index() const = 0;

  // Entries follow one another without gaps, from durable_index() + 1 on. Entry 1 of a new group is
  // a no-op, the bootstrap record. No-op and membership entries advance the index and do nothing
  // else. Called on the group's loop thread, so the call must not block and hands the work to an
  // executor. `done` fires exactly once, on any thread, when the effects are visible; the next
  // batch comes after it. A failure fences the group, which then applies and serves nothing any
  // more.
  virtual void apply(std::vector<Entry> entries, Done done) = 0;

  // The group's role on this replica changed. Loop thread; must not block.
  virtual void on_role(bool leader, uint64_t term) {
    (void)leader;
    (void)term;
  }
};

}  // namespace rhumb::consensus
