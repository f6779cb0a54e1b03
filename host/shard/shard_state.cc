// The state that a shard reports.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "host/shard/shard.h"

namespace rhumb::shard {

using base::Status;

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
      const uint64_t present = part.segment->column(c).present_count();  // includes dead rows
      state.vectors += std::min(present, part.live_count);
      state.indexed_vectors +=
          std::min<uint64_t>({present, part.live_count, part.segment->graph(c).built()});
    }
    fields_ready = fields_ready && part.segment->fields().unready().empty();
    for (const auto& [field, points] : part.segment->fields().points(*part.live))
      index_points[field] += points;
  }
  state.indexes = indexer_.indexes(*view);
  state.green = serving.ok() && fields_ready && indexer_.settled(*view) &&
                tail.rows < base::limits::kGreenTailRows &&
                tail.scan_ms <= core_.options.tail_scan_ms;
  state.index_points.assign(index_points.begin(), index_points.end());
  state.wanted_indexes = core_.wanted.missing(core_.schema()->indexed);
  return state;
}

model::ShardOptimizations Shard::optimizations() const {
  const ViewPtr view = core_.views.current();
  model::ShardOptimizations all{core_.options.shard, merger_.optimizations(), {}};
  std::set<std::array<uint8_t, 16>> busy;
  for (const model::Optimization& optimization : all.optimizations) {
    if (!optimization.running()) continue;
    for (const auto& segment : optimization.segments) busy.insert(segment.uuid);
  }
  for (const SegmentView& part : view->segments) {
    if (!busy.contains(part.segment->uuid()))
      all.idle_segments.push_back({part.segment->uuid(), part.live_count});
  }
  return all;
}

Shard::Load Shard::load() const {
  const ViewPtr view = core_.views.current();
  return {view->points, view->segments.size(), indexer_.tail(*view)};
}

std::vector<Shard::Calibration> Shard::calibrations() {
  std::vector<Calibration> out;
  const ViewPtr view = core_.views.current();
  for (const SegmentView& part : view->segments) {
    const segment::Segment& segment = *part.segment;
    for (size_t c = 0; c < segment.vectors().size(); ++c) {
      std::string table = segment.graph(c).calibration();
      if (!table.empty())
        out.push_back({segment.id(), part.live_count, segment.vectors()[c].name, std::move(table)});
    }
  }
  return out;
}

}  // namespace rhumb::shard
