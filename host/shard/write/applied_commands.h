// The client commands applied lately, with their outcomes, so that a request that is sent again is
// applied once and answered as before.
//
// An operation is identified by its request's identity (or, without one, by its gateway session)
// and by its number in the request; the points that a leader resolved are not part of it. Of an
// operation in several parts the first leader's parts count. Another attempt takes over from its
// part 0 on as long as the last part is missing. A remembered command is forgotten after
// kRequestMemoryMs of log time, and when more are remembered than the commands allow. Log entries
// alone decide all of this, so every replica, and a replay, decides the same.
//
// The apply thread writes; any thread may call outcome() and parts(). The key-value rows that are
// written with each batch survive a crash.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/model/operation.h"
#include "host/shard/write/request_budget.h"

namespace rhumb::shard {

// What was done of an operation: the log entry, and the number of points changed.
struct CommandOutcome {
  uint64_t index = 0, affected = 0;
  bool whole = false;  // all parts are applied
  // Another attempt at the same operation goes on in place of this one.
  bool superseded = false;
};

class AppliedCommands {
 public:
  // All zeros means neither request id nor session; such a command is always applied.
  using Identity = std::array<uint8_t, 16>;
  explicit AppliedCommands(std::shared_ptr<RequestBudget> budget = nullptr)
      : budget_(std::move(budget)) {}
  ~AppliedCommands();
  AppliedCommands(const AppliedCommands&) = delete;
  AppliedCommands& operator=(const AppliedCommands&) = delete;

  // The identity of an operation. `entry` is the command's bytes in the log, which are part of the
  // identity for commands of level 1 only.
  static Identity identity(const model::CommandHeader& header);
  static Identity identity(const model::Command& command, std::string_view entry);

  // Advances the log time. Entries that are now too old, or beyond the command's limit, are
  // forgotten.
  void advance(const model::Command& command);
  enum class Verdict : uint8_t { kApply, kDone, kSuperseded };
  Verdict judge(const Identity& who, const model::Command& command, uint64_t index) const;
  // For replay: whether the command of log entry `index` was applied at the time.
  bool applied_at(const Identity& who, uint64_t index) const;
  // Remembers that the entry was applied, and collects it for take_batch(). Returns what is done of
  // its operation now.
  CommandOutcome remember(const Identity& who, const model::Command& command, uint64_t index,
                          uint64_t affected);

  // nullopt means that the operation is not known, or not within the first `applied` entries.
  std::optional<CommandOutcome> outcome(const Identity& who, uint64_t applied) const;
  // The log indexes of the parts applied so far, for an operation that is not complete.
  std::vector<uint64_t> parts(const Identity& who) const;

  bool batch_empty() const { return batch_.empty(); }
  // Returns the key-value row's value for what was remembered since the last call.
  std::string take_batch();
  // Called at recovery in the order of indexes. Nothing is forgotten yet.
  base::Status load_batch(std::string_view value);
  base::Status load_level_1(std::string_view value);
  // At recovery. The arguments come from the key-value store. end_replay() forgets what was
  // forgotten before the crash.
  void begin_replay(uint64_t log_time_ms, uint64_t forgotten_through);
  void end_replay();
  uint64_t log_time_ms() const { return log_time_ms_; }
  uint64_t forgotten_through() const { return forgotten_through_; }
  // Rows of level 1's table that ended before the returned index are not needed any more once a
  // replay would start after `watermark`.
  static uint64_t level_1_forgettable(uint64_t watermark);
  size_t size() const { return in_order_.size(); }

 private:
  struct HashIdentity {
    size_t operator()(const Identity& who) const {
      size_t hash = 0;
      std::memcpy(&hash, who.data(), sizeof(hash));
      return hash;
    }
  };
  struct Remembered {  // one applied command
    uint64_t index = 0, time_ms = 0;
    Identity who{};
  };
  struct Entry : Remembered {            // as in the key-value store
    uint64_t attempt = 0, affected = 0;  // affected: by all parts up to this one
    uint32_t part = 0, parts = 1;
  };
  struct Operation {
    uint64_t index = 0, affected = 0;
    uint32_t next_part = 0, parts = 1;
    bool whole() const { return next_part >= parts; }
  };
  struct Unfinished {
    uint64_t attempt = 0;
    std::vector<uint64_t> indexes;
  };
  uint64_t affected_before(const Identity& who) const;
  CommandOutcome take_in(const Entry& entry);
  void forget_beyond(uint32_t limit);
  void forget_oldest();
  void forget_through(uint64_t index);

  const std::shared_ptr<RequestBudget> budget_;
  // The apply thread alone writes the two maps. So it reads them without the lock.
  mutable base::Mutex mutex_;
  std::unordered_map<Identity, Operation, HashIdentity> operations_ RHUMB_GUARDED_BY(mutex_);
  std::unordered_map<Identity, Unfinished, HashIdentity> unfinished_ RHUMB_GUARDED_BY(mutex_);
  // The apply thread alone uses what follows.
  std::deque<Remembered> in_order_;
  std::vector<Entry> batch_;
  uint64_t log_time_ms_ = 0, forgotten_through_ = 0;
};

}  // namespace rhumb::shard
