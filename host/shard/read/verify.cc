// What a shard knows about itself, and whether it is true.
#include <algorithm>

#include "host/shard/state/content_hash.h"
#include "host/shard/shard.h"
#include "host/shard/state/stored_point.h"

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

// Of a row or a file, as opposed to a verification that cannot go on.
bool tells_damage(const Status& status) {
  return status.code() == base::Code::kCorrupt || status.code() == base::Code::kIo;
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

void Verification::note(const Status& problem) {
  if (problems.size() < base::limits::kMaxVerifyProblems)
    problems.push_back(problem.message());
  else
    ++more_problems;
}

// A row and what the key-value store has for its point. One that changed since the view makes the sum worth nothing;
// `moved` says so.
Status Shard::verify_row(const View& view, const SegmentView& part, uint32_t slot, HashSums& sums, bool* moved) const {
  RHUMB_ASSIGN(const segment::StoredRow row, part.segment->fetch(slot));
  RHUMB_ASSIGN(const Hash hash, hash_of(*part.segment, slot, row));
  sums.add(row.id_key, hash);
  RHUMB_ASSIGN(const auto known, core_.store.find(row.id_key));
  if (known == PointRow{part.segment->id(), slot, row.version, hash}) return base::ok();
  const bool gone_since = !known && core_.views.applied() != view.applied;
  if (row.version > view.applied || gone_since || (known && known->version > view.applied)) {
    *moved = true;
    return base::ok();
  }
  return base::corrupt(part.segment->directory() + ": slot " + std::to_string(slot) +
                       " is not what the key-value store has for its point (" + part.segment->places(slot) + ")");
}

// Reads every row of the store's points on the way, each under its checksum.
Result<uint64_t> Shard::count_rows(const ReadContext& context) const {
  uint64_t rows = 0;
  Status stopped;
  RHUMB_TRY(core_.store.scan(kPoints, [&](std::string_view, std::string_view) {
    if (++rows % base::limits::kScrollChunkKeys == 0) stopped = interrupted(context);
    return stopped.ok();
  }));
  RHUMB_TRY(stopped);
  return rows;
}

// Sums up the rows of one view and notes what is damaged; an error only if it could not go on.
Result<Verification> Shard::verify_view(const ViewPtr& view, const ReadContext& context, bool* moved) const {
  Verification found;
  found.applied = view->applied;
  found.kept = view->content_hash;
  HashSums sums;
  *moved = false;
  const auto wrong = [&](const Status& status) { found.note(status); };
  for (const SegmentView& part : view->segments) {
    part.segment->verify_checksums(wrong);
    for (uint32_t slot = 0; slot < part.rows; ++slot) {
      if (!part.holds(slot)) continue;
      if (slot % base::limits::kScrollChunkKeys == 0) RHUMB_TRY(interrupted(context));
      ++found.points;
      const Status row = verify_row(*view, part, slot, sums, moved);
      if (row.ok()) continue;
      if (!tells_damage(row)) return row;
      wrong(row);
    }
  }
  found.computed = sums.total();
  const auto rows = count_rows(context);
  if (!rows.ok() && !tells_damage(rows.status())) return rows.status();
  *moved = *moved || core_.views.applied() != view->applied;
  if (!rows.ok()) {
    wrong(rows.status());
  } else if (!*moved && *rows != found.points) {
    wrong(base::corrupt(core_.options.directory + "/kv: " + std::to_string(*rows) + " rows of points, " +
                        std::to_string(found.points) + " live rows"));
  }
  return found;
}

Result<Verification> Shard::verify(const ReadContext& context) {
  RHUMB_TRY(core_.serving());
  for (uint32_t round = 0;; ++round) {
    bool moved = false;
    const ViewPtr view = core_.views.current();
    RHUMB_ASSIGN(Verification found, verify_view(view, context, &moved));
    const bool equal = found.kept == found.computed && found.points == view->points;
    if (!found.problems.empty()) {
      core_.fence(base::corrupt(found.problems.front()));
      return found;
    }
    if (equal) return found;
    if (!moved) {  // every row is whole: they go on being served
      found.note(base::corrupt(core_.options.directory +
                               "/kv: the sum of the points' hashes is not the one that was kept"));
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
  state.indexes = indexer_.indexes(*view);
  state.green = serving.ok() && fields_ready && indexer_.settled(*view) && tail.rows < base::limits::kGreenTailRows &&
                tail.scan_ms <= core_.options.tail_scan_ms;
  state.index_points.assign(index_points.begin(), index_points.end());
  state.wanted_indexes = core_.wanted.missing(core_.schema()->indexed);
  return state;
}

}  // namespace rhumb::shard
