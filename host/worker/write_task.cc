#include "host/worker/write_task.h"

#include <random>

#include "host/base/clock.h"
#include "host/base/overdue.h"

namespace rhumb::worker {
namespace {

using base::Code;
using base::Result;
using base::Status;

bool named(const peer::WriteRequest& r) {
  return r.session != 0 || r.request_id != InFlight::Request{};
}

// Returns numbers that no other attempt has. They also differ from those of an earlier run of the
// process, whose commands may still be in the log.
uint64_t next_attempt(size_t operations) {
  static std::atomic<uint64_t> next{uint64_t{std::random_device()()} << 32 |
                                    std::random_device()()};
  return next.fetch_add(operations, std::memory_order_relaxed);
}

}  // namespace

WriteTask::WriteTask(ReplicaPtr replica, consensus::GroupHost& groups, LogBound& log_bound,
                     base::Executor& pool, peer::WriteRequest request, base::Deadline deadline)
    : replica_(std::move(replica)),
      groups_(groups),
      log_bound_(log_bound),
      pool_(pool),
      deadline_(deadline),
      request_(std::move(request)),
      attempt_(next_attempt(request_.operations.size())) {
  outcomes_.resize(request_.operations.size());
  proposed_.resize(request_.operations.size());
}

WriteTask::~WriteTask() {
  for (size_t i = 0; request_.wait && i < proposed_.size(); ++i) {
    if (proposed_[i]) replica_->shard->outcomes().take(attempt_ + i);
  }
  if (in_turn_) replica_->requests.end(request_.request_id);
}

void WriteTask::start(base::TimerQueue& timers,
                      std::function<void(Result<peer::WriteReply>)> done) {
  if (base::Span span = shard_span("shard write", *replica_)) {
    trace_ = span.context();
    done = base::ending(std::move(span), std::move(done));
  }
  const base::TraceScope scope(trace_);
  once_ = Once<peer::WriteReply>::start(
      timers, deadline_, std::move(done), [weak = weak_from_this()]() -> Result<peer::WriteReply> {
        if (auto self = weak.lock()) return self->at_deadline();
        return Status(Code::kTimeout,
                      "the write was not committed in time; its outcome is unknown");
      });
  if (const Status admitted = admit(); !admitted.ok()) return fail(admitted);
  if (request_.request_id != InFlight::Request{}) {
    const bool first = replica_->requests.begin(request_.request_id, [self = shared_from_this()] {
      self->in_turn_ = true;
      self->continue_on_pool();
    });
    if (!first) return;
    in_turn_ = true;
  }
  advance();
}

// A request that only asks for an earlier outcome needs no room.
Status WriteTask::admit() const {
  if (request_.only_known) return base::ok();
  bool anything_new = false;
  for (size_t i = 0; i < request_.operations.size(); ++i) {
    if (known_whole(i)) continue;
    anything_new = true;
    RHUMB_TRY(replica_->shard->admit(request_.operations[i].kind));
  }
  return anything_new ? log_bound_.admit() : base::ok();
}

std::optional<shard::CommandOutcome> WriteTask::known_whole(size_t operation) const {
  if (!named(request_)) return std::nullopt;
  auto known = replica_->shard->known(header_of(operation));
  if (known && !known->whole) known.reset();
  return known;
}

Result<peer::WriteReply> WriteTask::at_deadline() {
  base::MutexLock lock(mutex_);
  // The write is committed, but was not applied in time.
  if (all_proposed_ && in_flight_ == 0 && !failed_) return peer::WriteReply{outcomes_};
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
  const base::TraceScope scope(trace_);
  while (propose_operation()) {}
}

bool WriteTask::propose_operation() {
  size_t operation = 0;
  {
    base::MutexLock lock(mutex_);
    if (failed_ || once_->fired()) return false;
    if (next_ == request_.operations.size()) {
      all_proposed_ = true;
      if (in_flight_ > 0) return false;  // the last commit answers
    } else if (request_.operations[next_].filter && in_flight_ > 0) {
      waiting_to_drain_ = true;
      return false;
    }
    operation = next_;
  }
  if (operation == request_.operations.size()) {
    answer_when_applied();
    return false;
  }
  if (request_.operations[operation].filter) {
    const uint64_t barrier = replica_->committed.load(std::memory_order_acquire);
    if (replica_->shard->applied_index() < barrier) {
      replica_->shard->wait_applied(barrier, [self = shared_from_this()](const Status& status) {
        if (status.ok())
          self->continue_on_pool();
        else
          self->fail(status);
      });
      return false;
    }
  }
  if (answer_as_before(operation)) return true;
  if (request_.only_known) {
    fail(base::not_found("no earlier attempt at this request is known"));
    return false;
  }
  const std::vector<uint64_t> done_at = named(request_)
                                            ? replica_->shard->known_parts(header_of(operation))
                                            : std::vector<uint64_t>();
  auto resolved = replica_->shard->resolve(std::move(request_.operations[operation]),
                                           {deadline_, nullptr}, done_at);
  if (!resolved.ok()) {
    fail(resolved.status());
    return false;
  }
  auto resolution = std::make_shared<shard::Resolution>(std::move(*resolved));
  const bool single = resolution->parts() == 1;
  {
    base::MutexLock lock(mutex_);
    next_ = operation + 1;
    proposed_[operation] = true;
    ++in_flight_;
    // Parts are proposed one after another, and no other operation may overtake them.
    if (!single) waiting_to_drain_ = true;
  }
  if (request_.wait) replica_->shard->outcomes().expect(attempt_ + operation);
  propose_part(resolution, operation);
  return single;
}

bool WriteTask::answer_as_before(size_t operation) {
  const auto before = known_whole(operation);
  if (!before) return false;
  base::MutexLock lock(mutex_);
  next_ = operation + 1;
  outcomes_[operation].index = before->index;
  outcomes_[operation].affected = before->affected;
  return true;
}

void WriteTask::propose_part(const std::shared_ptr<shard::Resolution>& resolution,
                             size_t operation) {
  model::Command command = resolution->next();
  const model::OperationKind kind = command.header.kind;
  command.header = header_of(operation);
  command.header.kind = kind;
  command.attempt = attempt_ + operation;
  command.clock_ms = base::wall_ns() / 1'000'000;
  command.request_limit = replica_->shard->request_limit();
  std::string encoded = model::encode_command(command);
  log_bound_.wrote(encoded.size());
  consensus::GroupHost::Committed done = [self = shared_from_this(), resolution,
                                          operation](Result<uint64_t> index) {
    const bool good = index.ok(), last = resolution->done();
    self->committed(operation, std::move(index), last);
    if (good && !last) self->propose_part(resolution, operation);
  };
  const base::TraceScope scope(trace_);
  if (base::Span span = shard_span("log commit", *replica_)) {
    span.set("rhumb.log.bytes", encoded.size());
    done = base::ending(std::move(span), std::move(done));
  }
  groups_.propose(replica_->shard_id, std::move(encoded), std::move(done));
}

// This runs on the loop thread, so it does bookkeeping only; longer work goes to the pool.
void WriteTask::committed(size_t operation, Result<uint64_t> index, bool last_part) {
  if (!index.ok()) return fail(index.status());
  replica_->raise_committed(*index);
  bool drained = false, over = false;
  {
    base::MutexLock lock(mutex_);
    outcomes_[operation].index = std::max(outcomes_[operation].index, *index);
    barrier_ = std::max(barrier_, *index);
    if (!last_part) return;
    --in_flight_;
    drained = in_flight_ == 0 && waiting_to_drain_;
    if (drained) waiting_to_drain_ = false;
    over = in_flight_ == 0 && all_proposed_;
  }
  if (drained)
    continue_on_pool();
  else if (over)
    answer_when_applied();
}

void WriteTask::continue_on_pool() {
  const Status posted = pool_.post([self = shared_from_this()] { self->advance(); });
  if (!posted.ok()) fail(posted);
}

void WriteTask::answer_when_applied() {
  uint64_t barrier = 0;
  peer::WriteReply committed;
  {
    const base::MutexLock lock(mutex_);
    barrier = barrier_;
    if (!request_.wait) committed.outcomes = outcomes_;
  }
  if (!request_.wait) return once_->fire(std::move(committed));
  shard::Shard::Done done = [self = shared_from_this()](const Status& status) {
    if (!status.ok()) return self->fail(status);
    peer::WriteReply reply;
    const Status collected = self->collect_outcomes(reply);
    if (!collected.ok()) return self->fail(collected);
    self->once_->fire(std::move(reply));
  };
  const base::TraceScope scope(trace_);
  if (base::Span span = shard_span("shard apply", *replica_))
    done = base::ending(std::move(span), std::move(done));
  replica_->shard->wait_applied(barrier, std::move(done));
}

// Collects what the apply thread left for this task's commands. An operation that an earlier
// attempt had carried out has that attempt's outcome.
Status WriteTask::collect_outcomes(peer::WriteReply& reply) {
  base::MutexLock lock(mutex_);
  for (size_t i = 0; i < outcomes_.size(); ++i) {
    outcomes_[i].applied = true;
    if (!proposed_[i]) continue;
    const shard::CommandOutcome outcome = replica_->shard->outcomes().take(attempt_ + i);
    if (outcome.superseded)
      return Status(
          Code::kUnavailable,
          "another attempt at this request is under way: send it again to get its outcome");
    outcomes_[i].affected = outcome.affected;
    outcomes_[i].index = outcome.index;
  }
  reply.outcomes = outcomes_;
  return base::ok();
}

void WriteTask::fail(const Status& status) {
  {
    base::MutexLock lock(mutex_);
    failed_ = true;
  }
  once_->fire(status);
}

}  // namespace rhumb::worker
