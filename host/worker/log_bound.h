// Keeps the node's log within a bound. The log frees a segment file once it holds no live entry,
// and a group's entries are live until the group is checkpointed. Beyond half of the bound the
// groups that hold the oldest segment are therefore checkpointed one after another, however little
// they hold, so that an idle group never pins the log. A group that cannot be checkpointed (because
// its shard is fenced) does pin it. From three quarters on all groups are checkpointed, so that the
// log can afford to copy what that group holds. At the bound writes are refused until something is
// freed.
//
// Any thread calls admit() and wrote(); the work that they start runs on the executor, one turn at
// a time. Nothing runs while nobody writes. Nothing survives a crash: the log reports its own size
// at the next start.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "host/base/executor.h"
#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/storage/log_store.h"

namespace rhumb::worker {

class LogBound {
 public:
  using Measure = std::function<base::Result<storage::LogUse>()>;
  // Checkpoints a group and lets the log forget what that covers; `done` fires once, on any thread.
  using Checkpoint = std::function<void(uint64_t group, std::function<void()> done)>;

  // Returns all groups that can be checkpointed.
  using Groups = std::function<std::vector<uint64_t>()>;

  LogBound(uint64_t bytes, Measure measure, Groups groups, Checkpoint checkpoint,
           base::Executor& executor);
  ~LogBound();  // stop()
  LogBound(const LogBound&) = delete;
  LogBound& operator=(const LogBound&) = delete;

  // Call it before a write. kBusy means that the log is at its bound while the oldest segment holds
  // live entries.
  base::Status admit();
  // Reports that `bytes` were given to the log.
  void wrote(uint64_t bytes);
  // Begins no more checkpoints, and blocks until the one under way has answered. Idempotent.
  void stop();

 private:
  bool begin_turn() RHUMB_REQUIRES(mutex_);  // true: the caller is to post a turn
  void post_turn() RHUMB_EXCLUDES(mutex_);
  void turn();
  uint64_t next_group(const storage::LogUse& use);
  void finish();

  const uint64_t bound_, step_;  // step_: bytes written between two checks of the log
  const Measure measure_;
  const Groups groups_;
  const Checkpoint checkpoint_;
  base::Executor& executor_;

  base::Mutex mutex_;
  base::CondVar idle_;
  bool busy_ RHUMB_GUARDED_BY(mutex_) = false;
  bool stopped_ RHUMB_GUARDED_BY(mutex_) = false;
  bool pinned_ RHUMB_GUARDED_BY(mutex_) = false;  // the oldest segment holds live entries
  uint64_t bytes_ RHUMB_GUARDED_BY(mutex_) = 0;   // at the last check
  uint64_t since_ RHUMB_GUARDED_BY(mutex_) = 0;   // written since the last check
  // The part of since_ that the check under way will see.
  uint64_t counted_ RHUMB_GUARDED_BY(mutex_) = 0;
  // Groups that were checkpointed since busy_ was set. What that freed may not show yet.
  std::set<uint64_t> asked_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::worker
