#include "host/http/rest/reply/collection_info.h"

#include "host/base/limits.h"
#include "host/http/rest/parse/collection_settings.h"
#include "host/http/rest/reply/index_info.h"

namespace rhumb::http::rest {
namespace {

// Clients parse config.params.vectors and the index parameters strictly, so these objects hold no
// member of ours.

json vector_json(const model::VectorParams& v) {
  json j = {{"size", v.size}, {"distance", std::string(model::distance_name(v.distance))}};
  if (v.datatype_given) j["datatype"] = std::string(model::scalar_name(v.datatype));
  if (v.on_disk) j["on_disk"] = *v.on_disk;
  if (v.memory) j["memory"] = *v.memory;
  if (v.multivector) j["multivector_config"] = {{"comparator", "max_sim"}};
  if (!v.hnsw_json.empty()) j["hnsw_config"] = json::parse(v.hnsw_json);
  if (!v.quantization_json.empty()) j["quantization_config"] = json::parse(v.quantization_json);
  return j;
}

json params_json(const model::CollectionConfig& config) {
  json vectors = json::object();
  if (config.single_vector)
    vectors = vector_json(config.vectors.at(""));
  else {
    for (const auto& [name, v] : config.vectors) vectors[name] = vector_json(v);
  }
  json j = {{"vectors", vectors},
            {"shard_number", config.shard_number},
            {"replication_factor", config.replication_factor},
            {"write_consistency_factor", config.write_consistency_factor},
            {"on_disk_payload", config.on_disk_payload}};
  for (const char* name : {"payload", "id_tracker"}) {
    auto it = config.settings_json.find(name);
    if (it != config.settings_json.end()) j[name] = json::parse(it->second);
  }
  return j;
}

// Lays the stored setting over the defaults that clients expect to be present.
json over(json defaults, const model::CollectionConfig& config, const char* name) {
  auto it = config.settings_json.find(name);
  if (it != config.settings_json.end()) defaults.update(json::parse(it->second));
  return defaults;
}

json config_json(const model::CollectionConfig& config) {
  json hnsw = {{"m", 16},
               {"ef_construct", 100},
               {"full_scan_threshold", 10000},
               {"max_indexing_threads", 0},
               {"on_disk", false}};
  hnsw.update(hnsw_to_json(config.hnsw));
  json j = {{"params", params_json(config)},
            {"hnsw_config", hnsw},
            {"optimizer_config", over({{"deleted_threshold", 0.2},
                                       {"vacuum_min_vector_number", 1000},
                                       {"default_segment_number", 0},
                                       {"max_segment_size", nullptr},
                                       {"memmap_threshold", nullptr},
                                       {"indexing_threshold", 10000},
                                       {"flush_interval_sec", 5},
                                       {"max_optimization_threads", nullptr}},
                                      config, "optimizers_config")},
            {"wal_config",
             over({{"wal_capacity_mb", 32}, {"wal_segments_ahead", 0}}, config, "wal_config")},
            {"quantization_config", nullptr}};
  for (const char* name : {"quantization_config", "strict_mode_config", "metadata", "contract"}) {
    auto it = config.settings_json.find(name);
    if (it != config.settings_json.end()) j[name] = json::parse(it->second);
  }
  return j;
}

struct Totals {
  uint64_t points = 0, segments = 0, indexed = 0;
  bool green = true;
  json warnings = json::array();
  std::map<std::string, std::string> wanted_indexes;
  std::map<std::string, uint64_t> index_points;
};

Totals totals_of(const gateway::CollectionState& state) {
  Totals t;
  for (const std::string& text : state.warnings) t.warnings.push_back({{"message", text}});
  for (const model::ShardState& s : state.shards) {
    t.points += s.points;
    t.segments += s.segments;
    t.indexed += s.indexed_vectors;
    t.green = t.green && s.green;
    if (!s.warning.empty()) t.warnings.push_back({{"message", s.warning}});
    t.wanted_indexes.insert(s.wanted_indexes.begin(), s.wanted_indexes.end());
    for (const auto& [field, points] : s.index_points) t.index_points[field] += points;
  }
  for (const auto& [field, types] : t.wanted_indexes) {
    if (t.warnings.size() == base::limits::kMaxWantedIndexes) break;
    t.warnings.push_back(
        {{"message",
          "filters ask for `" + field +
              "`, which has no payload index that serves them, so they read the payloads: " +
              "create one of type " + types + " (PUT /collections/{collection_name}/index)"}});
  }
  return t;
}

}  // namespace

std::string collection_info_json(const gateway::CollectionState& state) {
  const model::CollectionConfig& config = state.collection->config;
  const Totals t = totals_of(state);
  json schema = json::object();
  for (const auto& [field, index] : config.payload_indexes) {
    json entry = {{"data_type", std::string(model::field_type_name(index.type))},
                  {"points", t.index_points.contains(field) ? t.index_points.at(field) : 0}};
    if (!index.params_json.empty()) entry["params"] = json::parse(index.params_json);
    schema[field] = std::move(entry);
  }
  json j = {{"status", t.green ? "green" : "yellow"},
            {"optimizer_status", "ok"},
            {"indexed_vectors_count", t.indexed},
            {"points_count", t.points},
            {"segments_count", t.segments},
            {"config", config_json(config)},
            {"payload_schema", schema}};
  json warnings = t.warnings;
  add_index_warnings(state, warnings);
  if (!warnings.empty()) j["warnings"] = warnings;
  json indexes = indexes_json(state);
  if (!indexes.empty()) j["indexes"] = std::move(indexes);
  return j.dump();
}

std::string collection_cluster_json(const gateway::CollectionState& state) {
  json local = json::array();
  uint64_t node = 0;
  for (size_t i = 0; i < state.shards.size(); ++i) {
    node = state.collection->shards[i].replicas.front().node;
    local.push_back(
        {{"shard_id", i}, {"points_count", state.shards[i].points}, {"state", "Active"}});
  }
  return json{{"peer_id", node},
              {"shard_count", state.shards.size()},
              {"local_shards", local},
              {"remote_shards", json::array()},
              {"shard_transfers", json::array()}}
      .dump();
}

}  // namespace rhumb::http::rest
