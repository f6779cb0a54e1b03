// The worker role's message handlers: they answer messages to shards that arrive through host/peer.
// A read runs on the caller's thread when the replica is as fresh as asked, and otherwise on the
// pool once it is.
#pragma once

#include "host/base/executor.h"
#include "host/base/timer.h"
#include "host/peer/channel.h"
#include "host/peer/dispatcher.h"
#include "host/peer/messages.h"
#include "host/worker/log_bound.h"
#include "host/worker/once.h"
#include "host/worker/replicas.h"

namespace rhumb::worker {

struct WorkerOptions {
  ReplicasOptions replicas;
  LogBound* log_bound = nullptr;
  base::Executor* pool = nullptr;  // runs searches
  base::TimerQueue* timers = nullptr;
};

class Worker {
 public:
  explicit Worker(const WorkerOptions& options);
  ~Worker();

  void bind(peer::Dispatcher& dispatcher);
  // Begins to follow the cluster map. Call it only once the placement role has applied everything
  // that was committed.
  void start(peer::Channel& placement);
  Replicas& replicas() { return replicas_; }
  // Checkpoints a shard of this node, so that the log can forget its entries. `done` is called on a
  // thread of the background executor, or at once if the shard does not serve.
  void checkpoint(uint64_t shard, std::function<void()> done);
  void stop();
  // For a server that stops: reads under way end soon and new ones are not begun; both answer
  // kUnavailable. Any thread.
  void cancel_reads() { reads_cancelled_.store(true, std::memory_order_relaxed); }

 private:
  void watch(peer::Channel& placement, uint64_t known_version);
  // Finds the replica and runs `read` on it once it is fresh enough.
  template <typename Reply, typename Read>
  void on_read(std::string_view what, uint64_t shard, const peer::ReadLevel& level,
               base::Deadline deadline, std::function<void(base::Result<Reply>)> done, Read read);
  template <typename Reply, typename Read>
  void read_at(std::string_view what, const ReplicaPtr& replica, uint64_t index,
               base::Deadline deadline, std::shared_ptr<Once<Reply>> once, Read read);
  // Reads on this thread, which is watched for overdue work. The span of the read is called `what`.
  template <typename Reply, typename Read>
  base::Result<Reply> read_now(std::string_view what, const ReplicaPtr& replica,
                               base::Deadline deadline, Read read) const;
  base::Result<peer::ContractReply> contract(uint64_t shard);
  void on_verify(uint64_t shard, base::Deadline deadline,
                 std::function<void(base::Result<peer::VerifyReply>)> done);

  const WorkerOptions options_;
  Replicas replicas_;
  std::atomic<bool> reads_cancelled_{false};
};

}  // namespace rhumb::worker
