#include "host/shard/state/segment_edit.h"

#include <utility>
#include <vector>

namespace rhumb::shard {

using base::Status;

namespace {

void put_removed(const SegmentEdit& edit, storage::KvBatch& batch) {
  for (const auto& [id, forward] : edit.remove) {
    batch.erase(kSegments, segment_key(id));
    batch.erase_range(kLive, live_key(id, 0), live_key(id + 1, 0));
    if (forward != nullptr) batch.put(kForwards, segment_key(id), encode_forward(forward->to));
  }
}

void put_added(const SegmentEdit& edit, storage::KvBatch& batch) {
  const uint32_t id = edit.add->id();
  batch.put(kSegments, segment_key(id), encode(edit.add->lengths()));
  const auto blocks = static_cast<uint32_t>(
      segment::words_for(edit.add->lengths().rows) * 64 / segment::LiveBits::kBlockSlots + 1);
  for (uint32_t block = 0; block < blocks; ++block)
    batch.put(kLive, live_key(id, block), edit.live.block(block));
}

// A view shows a segment with its words, at least one bit per slot.
SegmentView view_of(const SegmentEdit& edit) {
  const uint32_t rows = edit.add->lengths().rows;
  auto words =
      std::make_shared<std::vector<uint64_t>>(edit.live.words().begin(), edit.live.words().end());
  words->resize(std::max(words->size(), segment::words_for(rows)), 0);
  return {edit.add, rows, edit.live.count(), std::move(words)};
}

}  // namespace

storage::KvBatch edit_batch(const SegmentEdit& edit, const AppliedState& applied,
                            Watermark& watermark) {
  storage::KvBatch batch;
  put_removed(edit, batch);
  if (edit.add != nullptr) {
    put_added(edit, batch);
    watermark.lengths[edit.add->id()] = edit.durable;
  }
  batch.put(kState, kWatermarkKey, encode(watermark));
  batch.put(kState, kAppliedKey, encode(applied));
  return batch;
}

Status commit_edit(Core& core, ApplyState& apply_state, SegmentEdit edit) {
  RHUMB_ASSERT(!apply_state.pending_watermark && !edit.remove.empty());
  Watermark watermark = apply_state.watermark;
  RHUMB_TRY(core.store.commit(edit_batch(edit, apply_state.applied, watermark), {}));

  apply_state.watermark = std::move(watermark);
  Forwards forwards = core.store.forwards();
  std::vector<uint32_t> removed;
  for (const auto& [id, forward] : edit.remove) {
    removed.push_back(id);
    if (forward != nullptr) forwards[id] = forward;
    apply_state.garbage.push_back(core.segment_directory(id));
  }
  SegmentView added;
  if (edit.add != nullptr) added = view_of(edit);
  core.store.publish_forwards(std::move(forwards),
                              [&] { core.views.edit(std::move(added), removed); });
  // After publication, because a segment may be destroyed here.
  for (const uint32_t id : removed) apply_state.segments.erase(id);
  if (edit.add != nullptr) apply_state.segments[edit.add->id()] = {edit.add, std::move(edit.live)};
  return base::ok();
}

Status drop_forward(Core& core, ApplyState& apply_state, uint32_t from, storage::KvBatch batch) {
  Forwards forwards = core.store.forwards();
  const auto it = forwards.find(from);
  RHUMB_ASSERT(it != forwards.end());
  apply_state.garbage.push_back(core.segment_directory(it->second->to) + "/" +
                                segment::moved_file(from));
  batch.erase(kForwards, segment_key(from));
  RHUMB_TRY(core.store.commit(batch, {}));
  forwards.erase(it);
  core.store.publish_forwards(std::move(forwards), [] {});
  return base::ok();
}

}  // namespace rhumb::shard
