// Client commands applied lately, so that one that is sent again is applied once.
//
// A command is known by (session, sequence, part), or without a session by (request id, sequence, part). It is remembered for
// kDedupWindowEntries log entries: a rule of log indexes alone, so that every replica, and a replay, decides the same.
// Belongs to the apply thread. What survives a crash: the KV rows written with each batch.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/base/status.h"
#include "host/model/operation.h"

namespace rhumb::shard {

class AppliedCommands {
 public:
  struct Identity {
    uint64_t session = 0, sequence = 0;
    std::array<uint8_t, 16> request_id{};
    uint32_t part = 0;
    bool operator==(const Identity&) const = default;
    bool none() const { return session == 0 && request_id == std::array<uint8_t, 16>{}; }
  };
  static Identity identity(const model::Command& command);

  // Whether the command of log entry `index` was applied by an earlier entry within the window.
  bool seen_before(const Identity& who, uint64_t index) const;
  // During replay: whether the command of log entry `index` was applied then, rather than known as sent again.
  bool applied_at(const Identity& who, uint64_t index) const;
  // Remembers it, and forgets what the window has left behind. Also collects it for encode_batch().
  void remember(const Identity& who, uint64_t index);

  bool batch_empty() const { return batch_.empty(); }
  std::string take_batch();                        // KV value of what was remembered since the last call
  base::Status load_batch(std::string_view value); // at recovery, in the order of indexes; nothing is forgotten yet
  // Rows of batches that ended at or below this index are of no use any more once replay starts behind `watermark`.
  static uint64_t forgettable(uint64_t watermark);
  void forget_before(uint64_t index);
  size_t size() const { return by_identity_.size(); }

 private:
  struct HashIdentity {
    size_t operator()(const Identity& who) const;
  };
  struct Remembered {
    Identity who;
    uint64_t index;
  };
  std::unordered_map<Identity, uint64_t, HashIdentity> by_identity_;  // -> index that applied it
  std::deque<Remembered> in_order_;
  std::vector<Remembered> batch_;
};

}  // namespace rhumb::shard
