// The leader's part of a write: what depends on state becomes explicit ids and the versions that were seen.
#include <algorithm>

#include "host/shard/filtering.h"
#include "host/shard/shard.h"

namespace rhumb::shard {

using base::Result;
using base::Status;
using model::Operation;
using model::OperationKind;
using model::Target;
using model::UpdateMode;

namespace {

// The point as it stands: absent, or its version and whether it passes the filter.
struct Seen {
  bool exists = false, passes = true;
  uint64_t version = 0;
};

Result<Seen> look(Core& core, const model::PointId& id, const ViewFilter* filter) {
  RHUMB_ASSIGN(const auto row, core.store.find(id.key()));
  Seen seen;
  if (!row) return seen;
  seen.exists = true;
  seen.version = row->version;
  if (filter == nullptr) return seen;
  const ViewPtr view = core.views.current();
  const SegmentView* part = view->find(row->segment);
  if (part == nullptr)
    return base::corrupt("key-value store: a point in segment " + std::to_string(row->segment) +
                         ", which is not there");
  RHUMB_ASSIGN(const segment::StoredRow stored, part->segment->fetch(row->slot));
  seen.passes = filter->matches(stored);
  seen.version = stored.version;  // of what the filter looked at
  return seen;
}

// Which points are to be written, and on what condition. None: not at all. New vectors are for points that exist.
Result<std::optional<uint64_t>> condition(Core& core, const Operation& operation, const model::PointId& id,
                                          const ViewFilter* filter) {
  if (operation.mode == UpdateMode::kUpsert && filter == nullptr) return std::optional(model::kAnyVersion);
  RHUMB_ASSIGN(const Seen seen, look(core, id, filter));
  const bool existing_only =
      operation.mode == UpdateMode::kUpdateOnly || operation.kind == OperationKind::kUpdateVectors;
  if (!seen.exists)
    return existing_only ? std::optional<uint64_t>() : std::optional(model::kAbsent);
  if (operation.mode == UpdateMode::kInsertOnly || !seen.passes) return std::optional<uint64_t>();
  return std::optional(seen.version);
}

Result<std::vector<Target>> select(Core& core, const ViewFilter& filter) {
  std::vector<Target> targets;
  const ViewPtr view = core.views.current();
  for (const SegmentView& part : view->segments) {
    RHUMB_ASSIGN(const payload::FilterResult passing, filter.evaluate(*view, part));
    for (const uint32_t slot : passing.slots()) {
      RHUMB_ASSIGN(const segment::StoredRow row, part.segment->fetch(slot));
      if (row.version > view->applied && !filter.matches(row)) continue;
      RHUMB_ASSIGN(auto id, model::PointId::from_key(row.id_key));
      targets.push_back({std::move(id), row.version});
    }
  }
  return targets;
}

}  // namespace

Result<Resolution> Shard::resolve(Operation operation, const ReadContext& context) {
  RHUMB_TRY(core_.serving());
  std::vector<Target> targets;
  std::vector<model::PointWrite> points = std::move(operation.points);
  std::optional<ViewFilter> filter;
  const auto& given = operation.filter ? operation.filter : operation.update_filter;
  if (given) {
    RHUMB_ASSIGN(filter, ViewFilter::compile(core_, *given, context));
  }
  const bool writes_points =
      operation.kind == OperationKind::kUpsert || operation.kind == OperationKind::kUpdateVectors;
  if (operation.filter && !writes_points) {
    auto selected = select(core_, *filter);
    if (!selected.ok()) return core_.watch(selected.status());
    return Resolution(std::move(operation), std::move(*selected), {}, core_.options.resolve_chunk_points);
  }
  if (!writes_points) {
    for (model::PointId& id : operation.ids) targets.push_back({std::move(id), model::kAnyVersion});
    const size_t all = std::max<size_t>(1, targets.size());  // what a client named is one command, so it happens as one
    return Resolution(std::move(operation), std::move(targets), {}, all);
  }
  std::vector<model::PointWrite> kept;
  for (model::PointWrite& point : points) {
    auto expected = condition(core_, operation, point.id, operation.update_filter ? &*filter : nullptr);
    if (!expected.ok()) return core_.watch(expected.status());
    if (!*expected) continue;
    targets.push_back({point.id, **expected});
    kept.push_back(std::move(point));
  }
  const size_t all = std::max<size_t>(1, targets.size());
  return Resolution(std::move(operation), std::move(targets), std::move(kept), all);
}

}  // namespace rhumb::shard
