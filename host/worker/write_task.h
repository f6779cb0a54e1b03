// One write message on its way: its operations are resolved and proposed in order, and answered together.
//
// Operations that do not depend on state are proposed without waiting for each other. One that does (a filter, a condition) first waits
// until everything this node knows to be committed is applied, so that it decides on the state that its place in the log will see;
// what changes in between is caught by the version each target carries.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "host/base/executor.h"
#include "host/consensus/group_host.h"
#include "host/peer/messages.h"
#include "host/worker/log_bound.h"
#include "host/worker/once.h"
#include "host/worker/replica.h"

namespace rhumb::worker {

class WriteTask : public std::enable_shared_from_this<WriteTask> {
 public:
  WriteTask(ReplicaPtr replica, consensus::GroupHost& groups, LogBound& log_bound, base::Executor& pool, peer::WriteRequest request,
            base::Deadline deadline);
  // Answers `done` exactly once: with all outcomes, or the first failure (what was proposed before it may still be applied).
  void start(base::TimerQueue& timers, std::function<void(base::Result<peer::WriteReply>)> done);

 private:
  void advance();                                     // proposes as far as it can; on the caller's thread or the pool
  bool propose_operation();                           // false: failed, or goes on in a callback
  void propose_part(std::shared_ptr<shard::Resolution> resolution, uint32_t part, size_t operation);
  void committed(size_t operation, base::Result<uint64_t> index, bool last_part);
  void when_drained();                                // all proposals so far are committed
  void continue_on_pool();
  void answer_when_applied();
  void fail(const base::Status& status);
  base::Result<peer::WriteReply> at_deadline();
  model::CommandHeader header_of(size_t operation) const;

  const ReplicaPtr replica_;
  consensus::GroupHost& groups_;
  LogBound& log_bound_;
  base::Executor& pool_;
  const base::Deadline deadline_;
  peer::WriteRequest request_;
  std::shared_ptr<Once<peer::WriteReply>> once_;

  std::mutex mutex_;
  size_t next_ = 0;              // operation to propose next
  size_t in_flight_ = 0;         // parts proposed, not yet committed
  bool waiting_to_drain_ = false;
  bool all_proposed_ = false;
  bool failed_ = false;
  uint64_t barrier_ = 0;         // highest index this task was given
  std::vector<peer::WriteOutcome> outcomes_;
};

}  // namespace rhumb::worker
