// The apply thread leaves the outcomes of commands here for the writers that wait for them.
//
// A writer expects its attempt before it proposes, and takes the outcome once its last command is
// applied. The apply thread posts before it publishes the index. The size is bounded by the writes
// under way. Any thread.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "host/base/mutex.h"
#include "host/shard/write/applied_commands.h"

namespace rhumb::shard {

class OutcomeBoard {
 public:
  void expect(uint64_t attempt) {
    base::MutexLock lock(mutex_);
    expected_.try_emplace(attempt);
  }
  // With `total` the outcome covers the whole operation so far; otherwise it covers one command and
  // is added up.
  void post(uint64_t attempt, const CommandOutcome& outcome, bool total) {
    base::MutexLock lock(mutex_);
    const auto it = expected_.find(attempt);
    if (it == expected_.end()) return;
    const uint64_t before = total ? 0 : it->second.affected;
    it->second = outcome;
    it->second.affected += before;
  }
  CommandOutcome take(uint64_t attempt) {
    base::MutexLock lock(mutex_);
    const auto it = expected_.find(attempt);
    if (it == expected_.end()) return {};
    const CommandOutcome outcome = it->second;
    expected_.erase(it);
    return outcome;
  }

 private:
  base::Mutex mutex_;
  std::unordered_map<uint64_t, CommandOutcome> expected_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::shard
