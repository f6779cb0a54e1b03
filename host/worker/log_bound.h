// Keeps the node's log within a bound. The log frees a segment once nothing lives in it, and what a
// group wrote lives until the group is checkpointed: so beyond half of the bound the groups that
// hold the oldest segment are checkpointed, one after the other, however little they hold; an idle
// group never pins the log. One that cannot be checkpointed (its shard is fenced) does: from three
// quarters on all groups are checkpointed, so that the log can afford to copy what that one holds.
// At the bound writes are refused until something is freed.
//
// Any thread calls admit() and wrote(); what they set off runs on the executor, one turn at a time.
// Nothing runs while nobody writes. Nothing survives a crash: the log itself tells its size at the
// next start.
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

  using Groups = std::function<std::vector<uint64_t>()>;  // all there are to checkpoint

  LogBound(uint64_t bytes, Measure measure, Groups groups, Checkpoint checkpoint,
           base::Executor& executor);
  ~LogBound();  // stop()
  LogBound(const LogBound&) = delete;
  LogBound& operator=(const LogBound&) = delete;

  // Before a write: kBusy at the bound, as long as something lives in the oldest segment.
  base::Status admit();
  // So much was given to the log.
  void wrote(uint64_t bytes);
  // Begins no checkpoint any more; blocks until the one under way has answered. Idempotent.
  void stop();

 private:
  bool begin_turn() RHUMB_REQUIRES(mutex_);  // true: the caller is to post a turn
  void post_turn() RHUMB_EXCLUDES(mutex_);
  void turn();
  uint64_t next_group(const storage::LogUse& use);
  void finish();

  const uint64_t bound_, step_;  // step_: written between two looks at the log
  const Measure measure_;
  const Groups groups_;
  const Checkpoint checkpoint_;
  base::Executor& executor_;

  base::Mutex mutex_;
  base::CondVar idle_;
  bool busy_ RHUMB_GUARDED_BY(mutex_) = false;
  bool stopped_ RHUMB_GUARDED_BY(mutex_) = false;
  bool pinned_ RHUMB_GUARDED_BY(mutex_) = false;  // something lives in the oldest segment
  uint64_t bytes_ RHUMB_GUARDED_BY(mutex_) = 0;   // at the last look
  uint64_t since_ RHUMB_GUARDED_BY(mutex_) = 0;   // written since the last look
  // of since_: the look under way sees it
  uint64_t counted_ RHUMB_GUARDED_BY(mutex_) = 0;
  // groups checkpointed since busy_: what that freed may not show yet
  std::set<uint64_t> asked_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::worker
