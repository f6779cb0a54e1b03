#include "host/http/rest/reply/index_info.h"

#include <cmath>
#include <map>
#include <string>
#include <utility>

namespace rhumb::http::rest {
namespace {

// The recall is measured on a few hundred neighbours, so more digits would mean nothing.
double shown(double recall) { return std::round(recall * 1e4) / 1e4; }

json measured_json(const model::IndexState& index) {
  json measured = {{"recall", shown(index.recall)}, {"queries", index.queries}};
  if (index.ef > 0) measured["ef"] = index.ef;
  return measured;
}

std::string measured_text(const model::IndexState& index) {
  if (index.queries == 0) return {};
  std::string text = " (recall at 10 of " + json(shown(index.recall)).dump() + " measured by " +
                     std::to_string(index.queries) + " queries";
  if (index.ef > 0) text += " at hnsw_ef " + std::to_string(index.ef);
  return text + ")";
}

// A lower value is worse. Indexes that were not measured come last.
double order(const model::IndexState& index) { return index.queries == 0 ? 2 : index.recall; }

}  // namespace

json indexes_json(const gateway::CollectionState& state) {
  json all = json::array();
  for (size_t shard = 0; shard < state.shards.size(); ++shard) {
    for (const model::IndexState& index : state.shards[shard].indexes) {
      json j = {{"shard", shard},
                {"segment", index.segment},
                {"vector", index.vector},
                {"engine", index.engine},
                {"rows", index.rows}};
      if (!index.codes.empty()) j["codes"] = index.codes;
      if (index.queries > 0) j["measured"] = measured_json(index);
      if (!index.why.empty()) j["why"] = index.why;
      if (!index.renewing.empty()) j["renewing"] = index.renewing;
      j["doubtful"] = index.doubtful;
      j["clipped_rows"] = index.clipped_rows;
      all.push_back(std::move(j));
    }
  }
  return all;
}

void add_index_warnings(const gateway::CollectionState& state, json& warnings) {
  struct Alike {
    const model::IndexState* worst = nullptr;
    size_t segments = 0;
  };
  std::map<std::pair<std::string, std::string>, Alike> by_text;
  for (const model::ShardState& shard : state.shards) {
    for (const model::IndexState& index : shard.indexes) {
      if (index.warning.empty()) continue;
      Alike& alike = by_text[{index.vector, index.warning}];
      ++alike.segments;
      if (alike.worst == nullptr || order(index) < order(*alike.worst)) alike.worst = &index;
    }
  }
  for (const auto& [key, alike] : by_text) {
    const std::string where =
        key.first.empty() ? "the vector's index" : "the index of vector '" + key.first + "'";
    const std::string segments = alike.segments == 1
                                     ? " in one segment: "
                                     : " in " + std::to_string(alike.segments) + " segments: ";
    warnings.push_back({{"message", where + segments + key.second + measured_text(*alike.worst)}});
  }
}

}  // namespace rhumb::http::rest
