// The form in which the metadata stores a collection's configuration (not the wire form of the REST
// API). Unknown members are ignored, so that an older release reads the parts that it understands
// of what a newer release wrote.
#include <nlohmann/json.hpp>

#include "host/model/collection.h"

namespace rhumb::model {
namespace {

using nlohmann::json;

enum Comparator : uint8_t { kMaxSim = 1 };  // comparators of multivectors

template <typename T>
void put(json& j, const char* key, const std::optional<T>& value) {
  if (value) j[key] = *value;
}
template <typename T>
void get(const json& j, const char* key, std::optional<T>& value) {
  if (auto it = j.find(key); it != j.end()) value = it->get<T>();
}

json hnsw_json(const HnswConfig& h) {
  json j = json::object();
  put(j, "m", h.m);
  put(j, "ef_construct", h.ef_construct);
  put(j, "full_scan_threshold", h.full_scan_threshold);
  put(j, "max_indexing_threads", h.max_indexing_threads);
  put(j, "payload_m", h.payload_m);
  put(j, "on_disk", h.on_disk);
  put(j, "inline_storage", h.inline_storage);
  put(j, "memory", h.memory);
  return j;
}

HnswConfig hnsw_of(const json& j) {
  HnswConfig h;
  get(j, "m", h.m);
  get(j, "ef_construct", h.ef_construct);
  get(j, "full_scan_threshold", h.full_scan_threshold);
  get(j, "max_indexing_threads", h.max_indexing_threads);
  get(j, "payload_m", h.payload_m);
  get(j, "on_disk", h.on_disk);
  get(j, "inline_storage", h.inline_storage);
  get(j, "memory", h.memory);
  return h;
}

json vector_json(const VectorParams& v) {
  json j = {{"size", v.size},
            {"distance", static_cast<int>(v.distance)},
            {"datatype", static_cast<int>(v.datatype)},
            {"datatype_given", v.datatype_given},
            {"hnsw", hnsw_json(v.hnsw)},
            {"hnsw_json", v.hnsw_json},
            {"quantization", v.quantization_json}};
  put(j, "on_disk", v.on_disk);
  put(j, "memory", v.memory);
  if (v.multivector) j["multivector"] = static_cast<int>(kMaxSim);
  return j;
}

// A number outside 1..last was written by a newer release or is damage. Both must be reported and
// not guessed at.
template <typename E>
E enum_of(const json& j, E last) {
  const auto number = j.get<int64_t>();
  if (number < 1 || number > static_cast<int64_t>(last))
    throw json::other_error::create(500, "unknown value " + std::to_string(number), &j);
  return static_cast<E>(number);
}

VectorParams vector_of(const json& j) {
  VectorParams v;
  v.size = j.at("size").get<uint32_t>();
  v.distance = enum_of(j.at("distance"), Distance::kManhattan);
  v.datatype = enum_of(j.at("datatype"), Scalar::kUint8);
  v.datatype_given = j.value("datatype_given", false);
  v.hnsw = hnsw_of(j.value("hnsw", json::object()));
  v.hnsw_json = j.value("hnsw_json", "");
  v.quantization_json = j.value("quantization", "");
  get(j, "on_disk", v.on_disk);
  get(j, "memory", v.memory);
  if (auto it = j.find("multivector"); it != j.end())
    v.multivector = enum_of(*it, kMaxSim) == kMaxSim;
  return v;
}

CollectionConfig config_of(const json& j) {
  CollectionConfig c;
  for (const auto& [name, v] : j.at("vectors").items()) c.vectors[name] = vector_of(v);
  c.single_vector = j.value("single_vector", false);
  c.shard_number = j.value("shard_number", 1u);
  c.replication_factor = j.value("replication_factor", 1u);
  c.write_consistency_factor = j.value("write_consistency_factor", 1u);
  c.on_disk_payload = j.value("on_disk_payload", true);
  c.hnsw = hnsw_of(j.value("hnsw", json::object()));
  if (auto it = j.find("payload_indexes"); it != j.end()) {
    for (const auto& [field, index] : it->items()) {
      c.payload_indexes[field] = {enum_of(index.at("type"), FieldType::kText),
                                  index.value("params", "")};
    }
  }
  if (auto it = j.find("hints"); it != j.end())
    c.settings_json = it->get<std::map<std::string, std::string>>();
  return c;
}

}  // namespace

std::string to_json(const CollectionConfig& config) {
  json vectors = json::object(), indexes = json::object();
  for (const auto& [name, v] : config.vectors) vectors[name] = vector_json(v);
  for (const auto& [field, index] : config.payload_indexes)
    indexes[field] = {{"type", static_cast<int>(index.type)}, {"params", index.params_json}};
  return json{{"vectors", vectors},
              {"single_vector", config.single_vector},
              {"shard_number", config.shard_number},
              {"replication_factor", config.replication_factor},
              {"write_consistency_factor", config.write_consistency_factor},
              {"on_disk_payload", config.on_disk_payload},
              {"hnsw", hnsw_json(config.hnsw)},
              {"payload_indexes", indexes},
              {"hints", config.settings_json}}
      .dump();
}

base::Result<CollectionConfig> collection_config_from_json(std::string_view text) {
  try {
    return config_of(json::parse(text));
  } catch (const json::exception& e) {
    return base::corrupt(std::string("collection configuration: ") + e.what());
  }
}

}  // namespace rhumb::model
