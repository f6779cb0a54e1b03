#include "host/consensus/log_writer.h"

namespace rhumb::consensus {
namespace {

bool may_pass(const base::Status& status) {
  return status.code() == base::Code::kBusy || status.code() == base::Code::kNoSpace;
}

}  // namespace

base::Status LogWriter::offer(const Waiting& op) {
  if (op.kind == Kind::kDrop) return log_.drop_group(op.group);
  if (op.kind == Kind::kRelease) return log_.release(op.group, op.number);
  base::Status accepted =
      log_.append(op.records, [durable = &durable_, group = op.group, incarnation = op.incarnation,
                               number = op.number](base::Status status) {
        (*durable)(group, incarnation, number, std::move(status));
      });
  if (accepted.ok()) ++in_flight_;
  return accepted;
}

base::Status LogWriter::append(uint64_t group, uint64_t incarnation, uint64_t number,
                               const std::vector<storage::LogRecord>& records) {
  Waiting op{Kind::kAppend, group, incarnation, number, records, {}};
  if (waiting_.empty()) {
    base::Status status = offer(op);
    if (!may_pass(status)) return status;
    stall_ = std::move(status);
  }
  op.data.reserve(op.records.size());
  for (storage::LogRecord& record : op.records) {
    op.data.emplace_back(record.data);
    record.data = op.data.back();
  }
  waiting_.push_back(std::move(op));
  return base::ok();
}

// An operation that frees space overtakes those that need space, and does not affect them.
base::Status LogWriter::submit_first(Waiting op) {
  base::Status status = offer(op);
  if (!may_pass(status)) return status;
  stall_ = std::move(status);
  waiting_.push_front(std::move(op));
  return base::ok();
}

base::Status LogWriter::release(uint64_t group, uint64_t index) {
  return submit_first({Kind::kRelease, group, 0, index, {}, {}});
}

base::Status LogWriter::drop(uint64_t group) {
  std::erase_if(waiting_, [group](const Waiting& op) { return op.group == group; });
  if (waiting_.empty()) stall_ = base::ok();
  return submit_first({Kind::kDrop, group, 0, 0, {}, {}});
}

base::Status LogWriter::retry() {
  while (!waiting_.empty()) {
    base::Status status = offer(waiting_.front());
    if (may_pass(status)) {
      stall_ = std::move(status);
      return base::ok();
    }
    waiting_.pop_front();
    RHUMB_TRY(status);
  }
  stall_ = base::ok();
  return base::ok();
}

}  // namespace rhumb::consensus
