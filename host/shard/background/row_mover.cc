#include "host/shard/background/row_mover.h"

#include "host/shard/state/forwards.h"
#include "host/shard/state/segment_edit.h"

namespace rhumb::shard {

using base::Result;
using base::Status;

namespace {
constexpr uint32_t kLooksPerRow = 64;  // slots that are passed over, for each row that is rewritten
}

Result<bool> RowMover::step(uint32_t rows) {
  const Forwards forwards = core_.store.forwards();
  if (forwards.empty()) return false;
  const auto& [from, forward] = *forwards.begin();
  if (from != from_) next_ = 0;
  from_ = from;
  const auto to = apply_state_.segments.find(forward->to);
  if (to == apply_state_.segments.end())
    return base::corrupt("segment " + std::to_string(forward->to) +
                         ", into which rows were moved, is not there");
  storage::KvBatch batch;
  const size_t end = std::min<size_t>(forward->slots.size(), next_ + size_t{rows} * kLooksPerRow);
  for (; next_ < end && batch.size() < rows; ++next_) {
    const uint32_t slot = forward->slots[next_];
    // The row of a point that was changed since is elsewhere already.
    const bool current = slot != Forward::kNowhere && to->second.live.test(slot);
    if (current) RHUMB_TRY(move(*to->second.segment, slot, batch));
  }
  if (next_ == forward->slots.size()) {
    RHUMB_TRY(drop_forward(core_, apply_state_, from, std::move(batch)));
  } else if (!batch.empty()) {
    RHUMB_TRY(core_.store.commit(batch, {}));
  }
  return true;
}

Status RowMover::move(const segment::Segment& to, uint32_t slot, storage::KvBatch& batch) const {
  RHUMB_ASSIGN(const segment::StoredRow stored, to.fetch(slot));
  PointRow row{to.id(), slot, stored.version, to.content_hash(slot)};
  if (to.overridden(slot)) {
    RHUMB_ASSIGN(const auto known, core_.store.newest(stored.id_key));
    if (!known || known->segment != row.segment || known->slot != slot)
      return base::corrupt(to.directory() + ": slot " + std::to_string(slot) +
                           " is live, and the key-value store has its point elsewhere");
    row = *known;
  }
  batch.put(kPoints, std::string(stored.id_key), encode(row));
  return base::ok();
}

}  // namespace rhumb::shard
