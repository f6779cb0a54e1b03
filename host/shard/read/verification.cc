#include "host/shard/read/verification.h"

#include <algorithm>

#include "host/base/limits.h"
#include "host/shard/state/stored_point.h"

namespace rhumb::shard {

using base::Result;
using base::Status;

namespace {

// True for damage of a row or a file, and false if the verification cannot go on for another
// reason.
bool tells_damage(const Status& status) {
  return status.code() == base::Code::kCorrupt || status.code() == base::Code::kIo;
}

Result<Hash> hash_of(const segment::Segment& segment, uint32_t slot,
                     const segment::StoredRow& row) {
  std::vector<std::string_view> vectors(segment.vectors().size());
  for (size_t i = 0; i < vectors.size(); ++i) {
    if ((row.presence >> i & 1) == 0) continue;
    RHUMB_ASSIGN(vectors[i], segment.fetch_vector(i, slot));
  }
  RHUMB_ASSIGN(const Hash hash,
               content_hash(row.id_key, row.payload, named(segment.vectors(), vectors)));
  RHUMB_TRY(segment.intact());
  return hash;
}

// Compares a row with what the key-value store has for its point. If the point has changed since
// the view, the sum is of no use, and `moved` is set.
Status verify_row(const Core& core, const View& view, const SegmentView& part, uint32_t slot,
                  HashSums& sums, bool* moved) {
  RHUMB_ASSIGN(const segment::StoredRow row, part.segment->fetch(slot));
  RHUMB_ASSIGN(const Hash hash, hash_of(*part.segment, slot, row));
  sums.add(row.id_key, hash);
  RHUMB_ASSIGN(const auto known, core.store.find(row.id_key));
  if (known == PointRow{part.segment->id(), slot, row.version, hash}) return base::ok();
  const bool gone_since = !known && core.views.changed_since(view);
  const bool elsewhere = known && view.find(known->segment) == nullptr;  // an edit moved it
  if (row.version > view.applied || gone_since || elsewhere ||
      (known && known->version > view.applied)) {
    *moved = true;
    return base::ok();
  }
  return base::corrupt(part.segment->directory() + ": slot " + std::to_string(slot) +
                       " is not what the key-value store has for its point (" +
                       part.segment->places(slot) + ")");
}

// Counts the rows of points in the store. Each is read under its checksum.
Result<uint64_t> count_rows(const Core& core, const ReadContext& context) {
  uint64_t rows = 0;
  Status stopped;
  RHUMB_TRY(core.store.visit(kPoints, [&](std::string_view, std::string_view) {
    if (++rows % base::limits::kScrollChunkKeys == 0)
      stopped = interrupted(context, "verification");
    return stopped.ok();
  }));
  RHUMB_TRY(stopped);
  return rows;
}

// Sums up the rows of one view and notes what is damaged. It returns an error only if it could not
// go on.
Result<Verification> verify_view(const Core& core, const ViewPtr& view, const ReadContext& context,
                                 bool* moved) {
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
      if (slot % base::limits::kScrollChunkKeys == 0)
        RHUMB_TRY(interrupted(context, "verification"));
      ++found.points;
      const Status row = verify_row(core, *view, part, slot, sums, moved);
      if (row.ok()) continue;
      if (!tells_damage(row)) return row;
      wrong(row);
    }
  }
  found.computed = sums.total();
  const auto rows = count_rows(core, context);
  if (!rows.ok() && !tells_damage(rows.status())) return rows.status();
  *moved = *moved || core.views.changed_since(*view);
  if (!rows.ok()) {
    wrong(rows.status());
  } else if (!*moved && *rows != found.points) {
    wrong(base::corrupt(core.options.directory + "/kv: " + std::to_string(*rows) +
                        " rows of points, " + std::to_string(found.points) + " live rows"));
  }
  return found;
}

}  // namespace

void Verification::note(const Status& problem) {
  if (problems.size() < base::limits::kMaxVerifyProblems)
    problems.push_back(problem.message());
  else
    ++more_problems;
}

Result<Verification> verify(Core& core, const ReadContext& context) {
  RHUMB_TRY(core.serving());
  for (uint32_t round = 0;; ++round) {
    bool moved = false;
    const ViewPtr view = core.views.current();
    RHUMB_ASSIGN(Verification found, verify_view(core, view, context, &moved));
    const bool equal = found.kept == found.computed && found.points == view->points;
    if (!found.problems.empty()) {
      core.fence(base::corrupt(found.problems.front()));
      return found;
    }
    if (equal) return found;
    if (!moved) {  // every row is intact, so the shard goes on serving
      found.note(base::corrupt(core.options.directory +
                               "/kv: the sum of the points' hashes is not the one that was kept"));
      return found;
    }
    if (round == base::limits::kMaxFreshViews)
      return Status(base::Code::kBusy, "points change faster than they can be verified");
  }
}

}  // namespace rhumb::shard
