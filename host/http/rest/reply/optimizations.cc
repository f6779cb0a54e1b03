#include "host/http/rest/reply/optimizations.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "host/base/utc.h"
#include "host/base/uuid.h"

namespace rhumb::http::rest {
namespace {

using model::Optimization;
using nlohmann::json;

std::string time_text(uint64_t ms) { return base::utc_text(static_cast<int64_t>(ms / 1000)); }

json segment_json(const model::OptimizedSegment& segment) {
  return {{"uuid", base::uuid_text(segment.uuid)}, {"points_count", segment.points}};
}

json segments_json(const std::vector<model::OptimizedSegment>& segments) {
  json all = json::array();
  for (const auto& segment : segments) all.push_back(segment_json(segment));
  return all;
}

json status_json(const Optimization& optimization) {
  if (optimization.running()) return "optimizing";
  if (optimization.error.empty()) return "done";
  return {{"error", optimization.error}};
}

json optimization_json(const Optimization& optimization) {
  json progress = {{"name", optimization.phase.empty() ? optimization.reason : optimization.phase},
                   {"started_at", time_text(optimization.started_ms)},
                   {"done", optimization.done},
                   {"total", optimization.total}};
  if (!optimization.running()) {
    progress["finished_at"] = time_text(optimization.ended_ms);
    progress["duration_sec"] =
        static_cast<double>(optimization.ended_ms - optimization.started_ms) / 1000;
  }
  return {{"uuid", base::uuid_text(optimization.uuid)},
          {"optimizer", optimization.optimizer},
          {"status", status_json(optimization)},
          {"segments", segments_json(optimization.segments)},
          {"progress", std::move(progress)}};
}

}  // namespace

std::string optimizations_json(const gateway::Optimizations& shards,
                               const OptimizationsAsked& asked) {
  json running = json::array(), queued = json::array(), idle = json::array();
  std::vector<const Optimization*> completed;
  uint64_t queued_segments = 0, queued_points = 0;
  for (const model::ShardOptimizations& shard : shards) {
    for (const Optimization& optimization : shard.optimizations) {
      if (optimization.running())
        running.push_back(optimization_json(optimization));
      else if (optimization.ended_ms > 0)
        completed.push_back(&optimization);
      else {
        queued.push_back({{"optimizer", optimization.optimizer},
                          {"segments", segments_json(optimization.segments)},
                          {"waits_for", optimization.error}});
        queued_segments += optimization.segments.size();
        for (const auto& segment : optimization.segments) queued_points += segment.points;
      }
    }
    for (const auto& segment : shard.idle_segments) idle.push_back(segment_json(segment));
  }
  json j = {{"summary",
             {{"queued_optimizations", queued.size()},
              {"queued_segments", queued_segments},
              {"queued_points", queued_points},
              {"idle_segments", idle.size()}}},
            {"running", std::move(running)}};
  if (asked.with.contains("queued")) j["queued"] = std::move(queued);
  if (asked.with.contains("idle_segments")) j["idle_segments"] = std::move(idle);
  if (asked.with.contains("completed")) {
    std::sort(completed.begin(), completed.end(), [](const Optimization* a, const Optimization* b) {
      return a->ended_ms > b->ended_ms;  // the newest first
    });
    completed.resize(std::min(completed.size(), asked.completed_limit));
    json all = json::array();
    for (const Optimization* optimization : completed)
      all.push_back(optimization_json(*optimization));
    j["completed"] = std::move(all);
  }
  return j.dump();
}

}  // namespace rhumb::http::rest
