// Client commands applied lately with their outcome, so that a request that is sent again is
// applied once and answered as before.
//
// An operation is known by its request's identity (or without one by its gateway session) and its
// number in the request: what a leader resolved is no part of it. Of an operation in several parts
// the first leader's parts count; another attempt takes over from its part 0 on as long as the last
// part is missing. What is remembered is forgotten after kRequestMemoryMs of log time, and beyond
// the number that the commands allow. All of that is decided by log entries alone, so that every
// replica, and a replay, decides the same.
//
// Written by the apply thread; outcome() and parts() may be asked on any thread. What survives a
// crash: the KV rows written with each batch.
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

// What was done of an operation: through which log entry, and to how many points.
struct CommandOutcome {
  uint64_t index = 0, affected = 0;
  bool whole = false;  // all its parts are applied
  // another attempt at the same operation goes on in place of the one that is asked about
  bool superseded = false;
};

class AppliedCommands {
 public:
  // zeros: neither request id nor session, always applied
  using Identity = std::array<uint8_t, 16>;
  explicit AppliedCommands(std::shared_ptr<RequestBudget> budget = nullptr)
      : budget_(std::move(budget)) {}
  ~AppliedCommands();
  AppliedCommands(const AppliedCommands&) = delete;
  AppliedCommands& operator=(const AppliedCommands&) = delete;

  // Of an operation in commands of level 2. entry: the command's bytes in the log; of level 1 they
  // are part of the identity.
  static Identity identity(const model::CommandHeader& header);
  static Identity identity(const model::Command& command, std::string_view entry);

  // Log time passes; what is too old by it, or beyond the command's limit, is forgotten.
  void advance(const model::Command& command);
  enum class Verdict : uint8_t { kApply, kDone, kSuperseded };
  Verdict judge(const Identity& who, const model::Command& command, uint64_t index) const;
  // During replay: whether the command of log entry `index` was applied then.
  bool applied_at(const Identity& who, uint64_t index) const;
  // Remembers that the entry was applied. Also collects it for take_batch(). Answers what is done
  // of its operation now.
  CommandOutcome remember(const Identity& who, const model::Command& command, uint64_t index,
                          uint64_t affected);

  // nullopt: not known, or not within the first `applied` entries.
  std::optional<CommandOutcome> outcome(const Identity& who, uint64_t applied) const;
  // Log indexes of the parts applied so far of an operation that is not whole.
  std::vector<uint64_t> parts(const Identity& who) const;

  bool batch_empty() const { return batch_.empty(); }
  // KV value of what was remembered since the last call
  std::string take_batch();
  // at recovery, in the order of indexes; nothing is forgotten yet
  base::Status load_batch(std::string_view value);
  base::Status load_level_1(std::string_view value);
  // At recovery, as the key-value store has them; end_replay() forgets what was forgotten.
  void begin_replay(uint64_t log_time_ms, uint64_t forgotten_through);
  void end_replay();
  uint64_t log_time_ms() const { return log_time_ms_; }
  uint64_t forgotten_through() const { return forgotten_through_; }
  // Rows of level 1's table that ended before this index are of no use any more once replay starts
  // behind `watermark`.
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
  struct Entry : Remembered {            // as the KV store has it
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
