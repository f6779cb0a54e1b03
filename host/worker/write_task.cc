#include "host/worker/write_task.h"

#include "host/base/overdue.h"

namespace rhumb::worker {
namespace {

using base::Code;
using base::Result;
using base::Status;

bool depends_on_state(const model::Operation& o) {
  return o.filter.has_value() || o.update_filter.has_value() || o.mode != model::UpdateMode::kUpsert;
}

}  // namespace

WriteTask::WriteTask(ReplicaPtr replica, consensus::GroupHost& groups, LogBound& log_bound, base::Executor& pool, peer::WriteRequest request,
                     base::Deadline deadline)
    : replica_(std::move(replica)), groups_(groups), log_bound_(log_bound), pool_(pool), deadline_(deadline), request_(std::move(request)) {
  outcomes_.resize(request_.operations.size());
}

void WriteTask::start(base::TimerQueue& timers, std::function<void(Result<peer::WriteReply>)> done) {
  once_ = Once<peer::WriteReply>::start(timers, deadline_, std::move(done), [weak = weak_from_this()]() -> Result<peer::WriteReply> {
    if (auto self = weak.lock()) return self->at_deadline();
    return Status(Code::kTimeout, "the write was not committed in time; its outcome is unknown");
  });
  for (const model::Operation& operation : request_.operations) {
    if (const Status admitted = replica_->shard->admit(operation.kind); !admitted.ok()) return fail(admitted);
  }
  if (const Status admitted = log_bound_.admit(); !admitted.ok()) return fail(admitted);
  advance();
}

Result<peer::WriteReply> WriteTask::at_deadline() {
  std::lock_guard lock(mutex_);
  if (all_proposed_ && in_flight_ == 0 && !failed_) return peer::WriteReply{outcomes_};  // committed, not applied in time
  return Status(Code::kTimeout, "the write was not committed in time; its outcome is unknown");
}

model::CommandHeader WriteTask::header_of(size_t operation) const {
  model::CommandHeader header;
  header.session = request_.session;
  header.sequence = request_.sequence + operation;
  header.request_id = request_.request_id;
  return header;
}

void WriteTask::advance() {
  const base::Watched watched("write", deadline_);
  while (propose_operation()) {
  }
}

bool WriteTask::propose_operation() {
  size_t operation = 0;
  {
    std::lock_guard lock(mutex_);
    if (failed_ || once_->fired()) return false;
    if (next_ == request_.operations.size()) {
      all_proposed_ = true;
      if (in_flight_ > 0) return false;  // the last commit answers
    } else if (depends_on_state(request_.operations[next_]) && in_flight_ > 0) {
      waiting_to_drain_ = true;
      return false;
    }
    operation = next_;
  }
  if (operation == request_.operations.size()) {
    answer_when_applied();
    return false;
  }
  if (depends_on_state(request_.operations[operation])) {
    const uint64_t barrier = replica_->committed.load(std::memory_order_acquire);
    if (replica_->shard->applied() < barrier) {
      replica_->shard->wait_applied(barrier, [self = shared_from_this()](Status status) {
        if (status.ok()) self->continue_on_pool();
        else self->fail(status);
      });
      return false;
    }
  }
  auto resolved = replica_->shard->resolve(std::move(request_.operations[operation]), {deadline_, nullptr});
  if (!resolved.ok()) {
    fail(resolved.status());
    return false;
  }
  auto resolution = std::make_shared<shard::Resolution>(std::move(*resolved));
  const bool single = resolution->parts() == 1;
  {
    std::lock_guard lock(mutex_);
    next_ = operation + 1;
    ++in_flight_;
    if (!single) waiting_to_drain_ = true;  // parts go one after the other, and nothing overtakes them
  }
  propose_part(resolution, 0, operation);
  return single;
}

void WriteTask::propose_part(std::shared_ptr<shard::Resolution> resolution, uint32_t part, size_t operation) {
  model::Command command = resolution->command(part);
  const model::OperationKind kind = command.header.kind;
  command.header = header_of(operation);
  command.header.kind = kind;
  const bool last = part + 1 == resolution->parts();
  std::string encoded = model::encode_command(command);
  log_bound_.wrote(encoded.size());
  groups_.propose(replica_->shard_id, std::move(encoded),
                  [self = shared_from_this(), resolution, part, operation, last](Result<uint64_t> index) {
                    const bool good = index.ok();
                    self->committed(operation, std::move(index), last);
                    if (good && !last) self->propose_part(resolution, part + 1, operation);
                  });
}

// Loop thread: bookkeeping only, what takes longer goes to the pool.
void WriteTask::committed(size_t operation, Result<uint64_t> index, bool last_part) {
  if (!index.ok()) return fail(index.status());
  replica_->raise_committed(*index);
  bool drained = false, over = false;
  {
    std::lock_guard lock(mutex_);
    outcomes_[operation].index = std::max(outcomes_[operation].index, *index);
    barrier_ = std::max(barrier_, *index);
    if (!last_part) return;
    --in_flight_;
    drained = in_flight_ == 0 && waiting_to_drain_;
    if (drained) waiting_to_drain_ = false;
    over = in_flight_ == 0 && all_proposed_;
  }
  if (drained) continue_on_pool();
  else if (over) answer_when_applied();
}

void WriteTask::continue_on_pool() {
  const Status posted = pool_.post([self = shared_from_this()] { self->advance(); });
  if (!posted.ok()) fail(posted);
}

void WriteTask::answer_when_applied() {
  if (!request_.wait) return once_->fire(peer::WriteReply{outcomes_});
  replica_->shard->wait_applied(barrier_, [self = shared_from_this()](Status status) {
    if (!status.ok()) return self->fail(status);
    peer::WriteReply reply{self->outcomes_};
    for (peer::WriteOutcome& o : reply.outcomes) o.applied = true;
    self->once_->fire(std::move(reply));
  });
}

void WriteTask::fail(const Status& status) {
  {
    std::lock_guard lock(mutex_);
    failed_ = true;
  }
  once_->fire(status);
}

}  // namespace rhumb::worker
