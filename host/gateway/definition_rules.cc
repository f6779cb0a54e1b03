#include "host/gateway/definition_rules.h"

#include <string_view>

#include "host/base/json_text.h"
#include "host/base/limits.h"
#include "host/gateway/settings_rules.h"
#include "host/payload/json/json_path.h"

namespace rhumb::gateway {
namespace {

namespace limits = base::limits;
using base::Status;

Status refuse(const std::string& field, const std::string& why) {
  return base::unprocessable(field + ": " + why).with({.field = field});
}

Status check_range(const std::string& field, uint64_t value, uint64_t min, uint64_t max) {
  if (value >= min && value <= max) return base::ok();
  return base::unprocessable(field + ": " + std::to_string(value) + " is not from " +
                             std::to_string(min) + " to " + std::to_string(max))
      .with({.field = field, .limit = value < min ? min : max});
}

}  // namespace

Status check_name(const std::string& name, const std::string& field, size_t max_bytes) {
  if (name.empty() || name.size() > max_bytes) {
    return base::unprocessable(field + ": a name has 1 to " + std::to_string(max_bytes) +
                               " bytes, this one has " + std::to_string(name.size()))
        .with({.field = field, .limit = name.empty() ? 1 : max_bytes});
  }
  if (name == "." || name == "..") return refuse(field, "'" + name + "' is not a name");
  for (const char c : name) {
    if (std::string_view("<>:\"/\\|?*").find(c) != std::string_view::npos ||
        static_cast<unsigned char>(c) < 0x20) {
      return refuse(field, "a name must not hold < > : \" / \\ | ? * or control characters");
    }
  }
  // The name may come from a path, so it may hold any bytes.
  if (!base::valid_utf8(name)) return refuse(field, "a name must be UTF-8 text");
  return base::ok();
}

Status check(const model::CollectionConfig& config) {
  RHUMB_TRY(check_range("vectors", config.vectors.size(), 0, limits::kMaxNamedVectors));
  for (const auto& [name, vector] : config.vectors) {
    if (!name.empty()) RHUMB_TRY(check_name(name, "vectors", limits::kMaxVectorNameBytes));
    const std::string place = name.empty() ? "vectors" : "vectors." + name;
    RHUMB_TRY(check_range(place + ".size", vector.size, 1, limits::kMaxDim));
    RHUMB_TRY(check_hnsw(vector.hnsw, place + ".hnsw_config"));
    if (!vector.quantization_json.empty())
      RHUMB_TRY(check_setting("quantization_config", vector.quantization_json,
                              place + ".quantization_config"));
  }
  RHUMB_TRY(check_hnsw(config.hnsw, "hnsw_config"));
  RHUMB_TRY(check_range("shard_number", config.shard_number, 1, limits::kMaxShards));
  RHUMB_TRY(check_range("replication_factor", config.replication_factor, 1, limits::kMaxShards));
  RHUMB_TRY(check_range("write_consistency_factor", config.write_consistency_factor, 1,
                        limits::kMaxShards));
  for (const auto& [field, index] : config.payload_indexes) {
    RHUMB_TRY(check_range("field_name", field.size(), 1, limits::kMaxFieldPathBytes));
    if (const auto path = payload::JsonPath::parse(field); !path.ok())
      return refuse("field_name", path.status().message());
  }
  for (const auto& [name, json] : config.settings_json) RHUMB_TRY(check_setting(name, json, name));
  return base::ok();
}

}  // namespace rhumb::gateway
