// What a collection is made of, as its owner asked for it. Hints are kept as JSON text and shown
// again as they came; what the engines act on has fields of its own. Stored in the metadata as JSON
// (to_json / from_json), so that a newer release can add members.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/base/status.h"

namespace rhumb::model {

// numbers of the plugin ABI
enum class Distance : uint8_t { kCosine = 1, kDot = 2, kEuclid = 3, kManhattan = 4 };
enum class Scalar : uint8_t { kFloat32 = 1, kFloat16 = 2, kUint8 = 3 };
std::string_view distance_name(Distance d);  // "Cosine"
std::string_view scalar_name(Scalar s);      // "float32"
uint32_t scalar_bytes(Scalar s);

struct HnswConfig {
  std::optional<uint32_t> m, ef_construct, full_scan_threshold, max_indexing_threads, payload_m;
  std::optional<bool> on_disk, inline_storage;
  std::optional<std::string> memory;  // cold, cached or pinned; counts before on_disk
  std::optional<bool> leaves_memory() const { return memory ? *memory == "cold" : on_disk; }
};

struct VectorParams {
  uint32_t size = 0;
  Distance distance = Distance::kCosine;
  Scalar datatype = Scalar::kFloat32;
  bool datatype_given = false;        // shown again only if it was given
  std::optional<bool> on_disk;        // hint
  std::optional<std::string> memory;  // cold, cached or pinned; counts before on_disk
  bool leaves_memory() const { return memory ? *memory == "cold" : on_disk.value_or(false); }
  HnswConfig hnsw;                // over the collection's
  std::string hnsw_json;          // as given; empty = absent
  std::string quantization_json;  // hint as given
  bool multivector = false;       // of several rows, compared by max_sim
  uint32_t row_bytes() const { return size * scalar_bytes(datatype); }
  // Whether a vector may have so many bytes: one row's, or a whole number of rows.
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
  std::string params_json;  // the schema object as given; empty when only the type was named
};

struct CollectionConfig {
  std::map<std::string, VectorParams> vectors;  // unnamed default vector: ""
  // given as one VectorParams (then `vectors` holds "") and shown so again
  bool single_vector = false;
  uint32_t shard_number = 1;
  uint32_t replication_factor = 1, write_consistency_factor = 1;
  bool on_disk_payload = true;
  HnswConfig hnsw;
  std::map<std::string, PayloadIndexConfig> payload_indexes;  // by JSON path
  // As given, shown again: optimizers_config, wal_config, quantization_config, strict_mode_config,
  // metadata, contract, hnsw_config, payload, id_tracker.
  std::map<std::string, std::string> settings_json;
};

std::string to_json(const CollectionConfig& config);
base::Result<CollectionConfig> collection_config_from_json(std::string_view json);

}  // namespace rhumb::model
