// Client commands applied lately, so that one that is sent again is applied once.
//
// A command is known by its request id, or without one by its client session, together with its sequence and its
// content: a request id that a client uses for another request stands in nobody's way. It is remembered for
// kDedupWindowEntries log entries: a rule of log indexes alone, so that every replica, and a replay, decides the same.
// Belongs to the apply thread. What survives a crash: the KV rows written with each batch.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
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
  using Identity = std::array<uint8_t, 16>;  // zeros: neither request id nor session, always applied
  // entry: the command's bytes as they are in the log.
  static Identity identity(const model::Command& command, std::string_view entry);

  // Whether the command of log entry `index` was applied by an earlier entry within the window.
  bool seen_before(const Identity& who, uint64_t index) const;
  // During replay: whether the command of log entry `index` was applied then, rather than known as sent again.
  bool applied_at(const Identity& who, uint64_t index) const;
  // Remembers it, and forgets what the window has left behind. Also collects it for take_batch().
  void remember(const Identity& who, uint64_t index);

  bool batch_empty() const { return batch_.empty(); }
  std::string take_batch();                         // KV value of what was remembered since the last call
  base::Status load_batch(std::string_view value);  // at recovery, in the order of indexes; nothing is forgotten yet
  // Rows of batches that ended before this index are of no use any more once replay starts behind `watermark`.
  static uint64_t forgettable(uint64_t watermark);
  void forget_before(uint64_t index);
  size_t size() const { return by_identity_.size(); }

 private:
  struct HashIdentity {
    size_t operator()(const Identity& who) const {
      size_t hash = 0;
      std::memcpy(&hash, who.data(), sizeof(hash));
      return hash;
    }
  };
  struct Remembered {
    uint64_t index = 0;
    Identity who{};
  };
  std::unordered_map<Identity, uint64_t, HashIdentity> by_identity_;  // -> index that applied it last
  std::deque<Remembered> in_order_;
  std::vector<Remembered> batch_;
};

}  // namespace rhumb::shard
