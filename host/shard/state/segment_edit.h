// A change of the set of a shard's segments: some leave, and at most one takes their place with the
// same points (docs/adr/0018). Besides this only apply, which begins growing segments, changes the
// set.
//
// The caller has made the new segment and its files of slots durable. commit() writes one
// transaction of O(segments), then publishes. It belongs to the apply strand, between two batches,
// while no checkpoint is between its first and last step. After a crash the edit is there as a
// whole or not at all. The files of the removed segments become garbage of the next checkpoint.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "host/base/status.h"
#include "host/segment/columns/live_bits.h"
#include "host/segment/segment.h"
#include "host/shard/state/apply_state.h"
#include "host/shard/state/core.h"
#include "host/shard/state/forwards.h"

namespace rhumb::shard {

struct SegmentEdit {
  std::shared_ptr<segment::Segment> add;  // null: nothing takes the place
  segment::LiveBits live;                 // of `add`
  // How much of `add` is synced. What is beyond it has versions after the watermark, so that a
  // replay writes it again.
  segment::Lengths durable;
  // The segments that leave. A forward is null if the segment has no live row.
  std::map<uint32_t, ForwardPtr> remove;
};

// The transaction. `watermark` gets the lengths of the new segment. The number of operations
// depends on the segments and on the blocks of live bits, and never on the points.
storage::KvBatch edit_batch(const SegmentEdit& edit, const AppliedState& applied,
                            Watermark& watermark);
// [apply] A failure fences the shard.
base::Status commit_edit(Core& core, ApplyState& apply_state, SegmentEdit edit);
// [apply] No row names `from` any more, so its forward and its file of slots go.
base::Status drop_forward(Core& core, ApplyState& apply_state, uint32_t from,
                          storage::KvBatch batch);

}  // namespace rhumb::shard
