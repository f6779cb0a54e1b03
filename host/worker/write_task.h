// One write message on its way: its operations are resolved and proposed in order, and answered
// together.
//
// Operations on named points are proposed without waiting for each other; their conditions are
// tested where they are applied. An operation by filter first waits until everything that this node
// knows to be committed is applied, so that it selects from all that was acknowledged before it. A
// request whose id is known already is answered with what it did the first time. While another
// attempt at the request is under way, this one waits.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "host/base/executor.h"
#include "host/base/mutex.h"
#include "host/consensus/group_host.h"
#include "host/peer/messages.h"
#include "host/worker/log_bound.h"
#include "host/worker/once.h"
#include "host/worker/replica.h"

namespace rhumb::worker {

class WriteTask : public std::enable_shared_from_this<WriteTask> {
 public:
  WriteTask(ReplicaPtr replica, consensus::GroupHost& groups, LogBound& log_bound,
            base::Executor& pool, peer::WriteRequest request, base::Deadline deadline);
  ~WriteTask();
  // Answers `done` exactly once: with all outcomes, or with the first failure. Operations that were
  // proposed before the failure may still be applied.
  void start(base::TimerQueue& timers, std::function<void(base::Result<peer::WriteReply>)> done);

 private:
  base::Status admit() const;
  // Returns the outcome of an earlier attempt that was carried out.
  std::optional<shard::CommandOutcome> known_whole(size_t operation) const;
  // Proposes as far as it can, on the caller's thread or the pool.
  void advance();
  bool propose_operation();  // false: failed, or goes on in a callback
  // Returns true if an earlier attempt carried out the operation.
  bool answer_as_before(size_t operation);
  base::Status collect_outcomes(peer::WriteReply& reply);
  void propose_part(const std::shared_ptr<shard::Resolution>& resolution, size_t operation);
  void committed(size_t operation, base::Result<uint64_t> index, bool last_part);
  void continue_on_pool();
  void answer_when_applied();
  void fail(const base::Status& status);
  base::Result<peer::WriteReply> at_deadline();
  model::CommandHeader header_of(size_t operation) const;

  const ReplicaPtr replica_;
  base::TraceContext trace_;  // of the span of this task
  consensus::GroupHost& groups_;
  LogBound& log_bound_;
  base::Executor& pool_;
  const base::Deadline deadline_;
  peer::WriteRequest request_;
  const uint64_t attempt_;            // of the first operation; the others follow it
  std::atomic<bool> in_turn_{false};  // no other attempt at this request is under way
  std::shared_ptr<Once<peer::WriteReply>> once_;

  base::Mutex mutex_;
  size_t next_ RHUMB_GUARDED_BY(mutex_) = 0;       // the operation to propose next
  size_t in_flight_ RHUMB_GUARDED_BY(mutex_) = 0;  // parts proposed and not yet committed
  bool waiting_to_drain_ RHUMB_GUARDED_BY(mutex_) = false;
  bool all_proposed_ RHUMB_GUARDED_BY(mutex_) = false;
  bool failed_ RHUMB_GUARDED_BY(mutex_) = false;
  uint64_t barrier_ RHUMB_GUARDED_BY(mutex_) = 0;  // the highest index that this task was given
  std::vector<peer::WriteOutcome> outcomes_ RHUMB_GUARDED_BY(mutex_);
  // by operation; false if it was known already
  std::vector<bool> proposed_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::worker
