#include "host/shard/write/resolve.h"

#include <algorithm>

#include "host/base/planted.h"
#include "host/shard/read/filtering.h"

namespace rhumb::shard {

using base::Result;
using base::Status;
using model::Operation;
using model::Target;

namespace {

// An operation whose filter is long has parts of up to this many times resolve_chunk_points.
constexpr size_t kWidestParts = 16;
constexpr size_t kTargetBytes = 21;  // of a numeric target, in a command

// Returns the points that pass, with their versions. Points whose version is in `done_at` are done
// already.
Result<std::vector<Target>> select(Core& core, const ViewFilter& filter,
                                   std::span<const uint64_t> done_at) {
  std::vector<Target> targets;
  const ViewPtr view = core.views.current();
  for (const SegmentView& part : view->segments) {
    RHUMB_ASSIGN(const payload::FilterResult passing, filter.evaluate(*view, part));
    for (const uint32_t slot : passing.slots()) {
      RHUMB_ASSIGN(const segment::StoredRow row, part.segment->fetch(slot));
      if (row.version > view->applied && !filter.matches(row)) continue;
      if (std::find(done_at.begin(), done_at.end(), row.version) != done_at.end()) continue;
      RHUMB_ASSIGN(auto id, model::PointId::from_key(row.id_key));
      targets.push_back({std::move(id), row.version});
    }
  }
  return targets;
}

// The number of points in one command. Each command carries the filter, so one with a long filter
// has more points; otherwise the log would hold the filter a thousand times.
size_t part_size(const model::Filter& filter, size_t chunk) {
  std::string bytes;
  base::ByteWriter out(bytes);
  model::encode(filter, out);
  return std::clamp<size_t>(bytes.size() / kTargetBytes, chunk, chunk * kWidestParts);
}

// A planted fault: the condition is decided on the present state, and a point that changes later is
// skipped.
Status decide_now(Core& core, std::vector<Target>& targets) {
  for (Target& target : targets) {
    RHUMB_ASSIGN(const auto row, core.store.find(target.id.key()));
    target.expected_version = row ? row->version : model::kAbsent;
  }
  return base::ok();
}

}  // namespace

Result<Resolution> resolve(Core& core, Operation operation, const ReadContext& context,
                           std::span<const uint64_t> done_at) {
  RHUMB_TRY(core.serving());
  std::vector<std::string> uuid_fields;
  std::optional<ViewFilter> filter;
  const auto& given = operation.filter ? operation.filter : operation.update_filter;
  if (given) {
    RHUMB_ASSIGN(filter, ViewFilter::compile(core, *given, context));
    const auto declared = core.schema()->filter.uuid_fields;
    uuid_fields.assign(declared.begin(), declared.end());
  }
  std::vector<model::PointWrite> points = std::move(operation.points);
  std::vector<Target> targets;
  if (operation.filter) {
    auto selected = select(core, *filter, done_at);
    if (!selected.ok()) return core.watch(selected.status());
    const size_t chunk = part_size(*operation.filter, core.options.resolve_chunk_points);
    return Resolution(std::move(operation), std::move(*selected), {}, std::move(uuid_fields),
                      chunk);
  }
  targets.reserve(points.size() + operation.ids.size());
  for (model::PointWrite& point : points)
    targets.push_back({std::move(point.id), model::kAnyVersion});
  for (model::PointId& id : operation.ids) targets.push_back({std::move(id), model::kAnyVersion});
  if (RHUMB_PLANTED(kSkipsWhatMoved) && given) RHUMB_TRY(decide_now(core, targets));
  // The points that a client named are one command, so that the operation is atomic.
  const size_t all = std::max<size_t>(1, targets.size());
  return Resolution(std::move(operation), std::move(targets), std::move(points),
                    std::move(uuid_fields), all);
}

}  // namespace rhumb::shard
