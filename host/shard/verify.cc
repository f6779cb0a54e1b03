// What a shard knows about itself, and whether it is true.
#include <algorithm>

#include "host/shard/content_hash.h"
#include "host/shard/shard.h"
#include "host/shard/stored_point.h"

namespace rhumb::shard {

using base::Result;
using base::Status;

namespace {

Status interrupted(const ReadContext& context) {
  if (context.cancelled != nullptr && context.cancelled->load())
    return {base::Code::kCancelled, "verification was cancelled"};
  if (context.deadline.expired()) return {base::Code::kTimeout, "verification did not end in time"};
  return base::ok();
}

Result<Hash> hash_of(const segment::Segment& segment, uint32_t slot, const segment::StoredRow& row) {
  std::vector<std::string_view> vectors(segment.vectors().size());
  for (size_t i = 0; i < vectors.size(); ++i) {
    if ((row.presence >> i & 1) == 0) continue;
    RHUMB_ASSIGN(vectors[i], segment.fetch_vector(i, slot));
  }
  RHUMB_ASSIGN(const Hash hash, content_hash(row.id_key, row.payload, named(segment.vectors(), vectors)));
  RHUMB_TRY(segment.intact());
  return hash;
}

}  // namespace

// Sums up the rows of one view. A point that changed since makes the sum worth nothing; `moved` says so.
Result<Verification> Shard::verify_view(const ViewPtr& view, const ReadContext& context, bool* moved) const {
  Verification found;
  found.applied = view->applied;
  found.kept = view->content_hash;
  HashSums sums;
  *moved = false;
  for (const SegmentView& part : view->segments) {
    RHUMB_TRY(part.segment->verify_checksums());
    for (uint32_t slot = 0; slot < part.rows; ++slot) {
      if (!part.holds(slot)) continue;
      if (slot % base::limits::kScrollChunkKeys == 0) RHUMB_TRY(interrupted(context));
      RHUMB_ASSIGN(const segment::StoredRow row, part.segment->fetch(slot));
      RHUMB_ASSIGN(const Hash hash, hash_of(*part.segment, slot, row));
      sums.add(row.id_key, hash);
      ++found.points;
      RHUMB_ASSIGN(const auto known, core_.store.find(row.id_key));
      if (row.version > view->applied || !known || known->version > view->applied) {
        *moved = true;
        continue;
      }
      const bool same = known->segment == part.segment->id() && known->slot == slot && known->version == row.version &&
                        known->content_hash == hash;
      if (!same) {
        return base::corrupt(part.segment->directory() + ": slot " + std::to_string(slot) +
                             " is not what the key-value store has for its point (" + part.segment->places(slot) + ")");
      }
    }
  }
  found.computed = sums.total();
  *moved = *moved || core_.views.applied() != view->applied;
  return found;
}

Result<Verification> Shard::verify(const ReadContext& context) {
  RHUMB_TRY(core_.serving());
  for (uint32_t round = 0;; ++round) {
    bool moved = false;
    const ViewPtr view = core_.views.current();
    auto found = verify_view(view, context, &moved);
    if (!found.ok()) {
      if (found.status().code() != base::Code::kCorrupt && found.status().code() != base::Code::kIo)
        return found.status();
      core_.fence(found.status());
      Verification damaged;
      damaged.applied = core_.views.applied();
      damaged.error = found.status().to_string();
      return damaged;
    }
    const bool equal = found->kept == found->computed && found->points == view->points;
    if (equal || (!moved && core_.views.applied() == found->applied)) {
      if (!equal) found->error = "the sum of the points' hashes is not the one that was kept";
      return found;
    }
    if (round == base::limits::kMaxFreshViews)
      return Status(base::Code::kBusy, "points change faster than they can be verified");
  }
}

model::ShardState Shard::state() const {
  const ViewPtr view = core_.views.current();
  const Indexer::Tail tail = indexer_.tail(*view);
  model::ShardState state;
  state.shard = core_.options.shard;
  state.applied_index = view->applied;
  state.points = view->points;
  state.segments = view->segments.size();
  state.content_hash = view->content_hash;
  state.tail_rows = tail.rows;
  state.warning = indexer_.warning();
  const Status serving = core_.serving();
  if (!serving.ok()) state.warning = serving.to_string();
  bool fields_ready = true;
  std::map<std::string, uint64_t> index_points;
  for (const SegmentView& part : view->segments) {
    for (size_t c = 0; c < part.segment->vectors().size(); ++c) {
      const uint64_t present = part.segment->column(c).present_count();  // dead rows among them
      state.vectors += std::min(present, part.live_count);
      state.indexed_vectors += std::min<uint64_t>({present, part.live_count, part.segment->graph(c).built()});
    }
    fields_ready = fields_ready && part.segment->fields().unready().empty();
    for (const auto& [field, points] : part.segment->fields().points(*part.live)) index_points[field] += points;
  }
  state.green = serving.ok() && fields_ready && tail.rows < base::limits::kGreenTailRows &&
                tail.scan_ms <= core_.options.tail_scan_ms;
  state.index_points.assign(index_points.begin(), index_points.end());
  return state;
}

}  // namespace rhumb::shard
