// The configuration of a collection, as its owner asked for it. Settings that only need to be shown
// again are kept as the JSON text that was given; the settings that the engines act on have fields
// of their own. The metadata stores it as JSON (to_json, from_json), so that a newer release can
// add members.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/base/status.h"

namespace rhumb::model {

// The numbers of the plugin ABI.
enum class Distance : uint8_t { kCosine = 1, kDot = 2, kEuclid = 3, kManhattan = 4 };
enum class Scalar : uint8_t { kFloat32 = 1, kFloat16 = 2, kUint8 = 3 };
std::string_view distance_name(Distance d);  // "Cosine"
std::string_view scalar_name(Scalar s);      // "float32"
uint32_t scalar_bytes(Scalar s);

// Where data may lie: "cold" is read from the disk at each use, "cached" is kept as long as there
// is room, and "pinned" stays in memory.
inline constexpr std::array<std::string_view, 3> kMemoryPlaces{"cold", "cached", "pinned"};

struct HnswConfig {
  std::optional<uint32_t> m, ef_construct, full_scan_threshold, max_indexing_threads, payload_m;
  std::optional<bool> on_disk, inline_storage;
  // One of kMemoryPlaces. It takes precedence over on_disk.
  std::optional<std::string> memory;
  std::optional<bool> leaves_memory() const { return memory ? *memory == "cold" : on_disk; }
};

struct VectorParams {
  uint32_t size = 0;
  Distance distance = Distance::kCosine;
  Scalar datatype = Scalar::kFloat32;
  // A datatype is shown again only if it was given.
  bool datatype_given = false;
  std::optional<bool> on_disk;  // a hint
  // One of kMemoryPlaces. It takes precedence over on_disk.
  std::optional<std::string> memory;
  bool leaves_memory() const { return memory ? *memory == "cold" : on_disk.value_or(false); }
  HnswConfig hnsw;                // takes precedence over the collection's hnsw
  std::string hnsw_json;          // as given; empty if absent
  std::string quantization_json;  // a hint, as given
  bool multivector = false;       // several rows per point, compared by max_sim
  uint32_t row_bytes() const { return size * scalar_bytes(datatype); }
  // Whether a vector may have this many bytes: one row, or a whole number of rows for a
  // multivector.
  bool takes(uint64_t bytes) const {
    return multivector ? bytes > 0 && bytes % row_bytes() == 0 : bytes == row_bytes();
  }
  bool operator==(const VectorParams& o) const;
};

enum class FieldType : uint8_t {
  kKeyword = 1,
  kInteger = 2,
  kFloat = 3,
  kBool = 4,
  kDatetime = 5,
  kUuid = 6,
  kGeo = 7,
  kText = 8
};
std::string_view field_type_name(FieldType t);
std::optional<FieldType> field_type_from(std::string_view name);

struct PayloadIndexConfig {
  FieldType type = FieldType::kKeyword;
  // The schema object as given. Empty when only the type was named.
  std::string params_json;
};

struct CollectionConfig {
  std::map<std::string, VectorParams> vectors;  // by name; the unnamed default vector is ""
  // The vectors were given as one VectorParams (`vectors` then holds ""), and they are shown that
  // way.
  bool single_vector = false;
  uint32_t shard_number = 1;
  uint32_t replication_factor = 1, write_consistency_factor = 1;
  bool on_disk_payload = true;
  HnswConfig hnsw;
  std::map<std::string, PayloadIndexConfig> payload_indexes;  // by JSON path
  // Settings as given, to be shown again: optimizers_config, wal_config, quantization_config,
  // strict_mode_config, metadata, contract, payload, id_tracker.
  std::map<std::string, std::string> settings_json;
};

std::string to_json(const CollectionConfig& config);
base::Result<CollectionConfig> collection_config_from_json(std::string_view json);

}  // namespace rhumb::model
