#include "host/http/rest/parse/collection_body.h"

#include "host/base/limits.h"
#include "host/gateway/definition_rules.h"
#include "host/gateway/settings_rules.h"
#include "host/http/rest/parse/body_error.h"
#include "host/http/rest/parse/collection_settings.h"
#include "host/payload/json/json_path.h"

namespace rhumb::http::rest {
namespace {

using base::Result;
using base::Status;
namespace limits = base::limits;

// Settings that are kept as JSON. gateway/settings_rules.h says what they may hold.
constexpr const char* kSettings[] = {"optimizers_config",  "wal_config", "quantization_config",
                                     "strict_mode_config", "metadata",   "contract"};

Status merge_setting(model::CollectionConfig& config, const std::string& name, const json& value,
                     const std::string& place) {
  return in_brackets(gateway::merge_setting(config, name, value.dump(), place));
}

Status read_distance(const json& j, const std::string& where, model::Distance& out) {
  for (const auto d : {model::Distance::kCosine, model::Distance::kDot, model::Distance::kEuclid,
                       model::Distance::kManhattan}) {
    if (j == std::string(model::distance_name(d))) {
      out = d;
      return base::ok();
    }
  }
  return format_error(where, "'" + (j.is_string() ? j.get<std::string>() : j.dump()) +
                                 "' is not one of Cosine, Dot, Euclid, Manhattan");
}

Status read_datatype(const json& j, const std::string& where, model::VectorParams& out) {
  for (const auto s : {model::Scalar::kFloat32, model::Scalar::kFloat16, model::Scalar::kUint8}) {
    if (j == std::string(model::scalar_name(s))) {
      out.datatype = s;
      out.datatype_given = true;
      return base::ok();
    }
  }
  return format_error(where, "'" + (j.is_string() ? j.get<std::string>() : j.dump()) +
                                 "' is not one of float32, float16, uint8");
}

// Reads the quantization of one vector. `out` stays as it is when none is given, and becomes empty
// for "Disabled".
Status read_quantization(const json& j, const std::string& where, std::string& out) {
  RHUMB_ASSIGN(const json* const member, given_quantization(j, where));
  if (member == nullptr) return base::ok();
  const json& value = *member;
  const std::string place = where + ".quantization_config";
  RHUMB_TRY(in_brackets(gateway::check_setting("quantization_config", value.dump(), place)));
  out = value == "Disabled" ? "" : value.dump();
  return base::ok();
}

Status read_multivector(const json& j, const std::string& where, model::VectorParams& out) {
  if (!j.is_object()) return format_error(where, "expected an object");
  if (!given(j, "comparator")) return format_error(where, "missing field `comparator`");
  if (j.at("comparator") != "max_sim")
    return format_error(where + ".comparator", j.at("comparator").dump() + " is not max_sim");
  out.multivector = true;
  return base::ok();
}

Result<model::VectorParams> read_vector(const json& j, const std::string& where) {
  if (!j.is_object()) return format_error(where, "expected an object");
  model::VectorParams v;
  std::optional<uint32_t> size;
  RHUMB_TRY(read_u32(j, "size", where, 1, limits::kMaxDim, size));
  if (!size) return format_error(where, "missing field `size`");
  if (!given(j, "distance")) return format_error(where, "missing field `distance`");
  v.size = *size;
  RHUMB_TRY(read_distance(j.at("distance"), where + ".distance", v.distance));
  if (given(j, "datatype")) RHUMB_TRY(read_datatype(j.at("datatype"), where + ".datatype", v));
  if (given(j, "multivector_config"))
    RHUMB_TRY(read_multivector(j.at("multivector_config"), where + ".multivector_config", v));
  RHUMB_TRY(read_bool(j, "on_disk", where, v.on_disk));
  RHUMB_TRY(read_memory(j, where, v.memory));
  if (given(j, "hnsw_config")) {
    RHUMB_TRY(read_hnsw(j.at("hnsw_config"), where + ".hnsw_config", v.hnsw));
    v.hnsw_json = hnsw_to_json(v.hnsw).dump();
  }
  RHUMB_TRY(read_quantization(j, where, v.quantization_json));
  return v;
}

Status read_vectors(const json& j, model::CollectionConfig& config) {
  if (!j.is_object()) return format_error("vectors", "expected an object");
  if (given(j, "size") && !j.at("size").is_object()) {  // else it is a vector of that name
    RHUMB_ASSIGN(config.vectors[""], read_vector(j, "vectors"));
    config.single_vector = true;
    return base::ok();
  }
  if (j.size() > limits::kMaxNamedVectors) {
    return base::unprocessable("[vectors: " + std::to_string(j.size()) +
                               " named vectors, at most " +
                               std::to_string(limits::kMaxNamedVectors) + "]");
  }
  for (const auto& [name, params] : j.items()) {
    if (!name.empty()) RHUMB_TRY(check_name(name, "vectors", limits::kMaxVectorNameBytes));
    RHUMB_ASSIGN(config.vectors[name], read_vector(params, "vectors." + name));
  }
  return base::ok();
}

Status read_settings(const json& body, model::CollectionConfig& config) {
  for (const char* name : kSettings) {
    const json* member = given(body, name) ? &body.at(name) : nullptr;
    if (name == std::string_view("quantization_config")) {
      RHUMB_ASSIGN(member, given_quantization(body, ""));
    }
    if (member != nullptr) RHUMB_TRY(merge_setting(config, name, *member, name));
  }
  return base::ok();
}

Status read_params(const json& j, const std::string& where, model::CollectionConfig& config) {
  if (!j.is_object()) return format_error(where, "expected an object");
  std::optional<uint32_t> replication, consistency;
  RHUMB_TRY(read_u32(j, "replication_factor", where, 1, limits::kMaxShards, replication));
  RHUMB_TRY(read_u32(j, "write_consistency_factor", where, 1, limits::kMaxShards, consistency));
  std::optional<bool> on_disk_payload;
  RHUMB_TRY(read_bool(j, "on_disk_payload", where, on_disk_payload));
  if (replication) config.replication_factor = *replication;
  if (consistency) config.write_consistency_factor = *consistency;
  if (on_disk_payload) config.on_disk_payload = *on_disk_payload;
  for (const char* name : {"payload", "id_tracker"}) {
    if (!given(j, name)) continue;
    const std::string place = where.empty() ? name : where + "." + name;
    RHUMB_TRY(merge_setting(config, name, j.at(name), place));
  }
  return base::ok();
}

Result<gateway::AliasAction> read_alias_action(const json& action, const std::string& where) {
  if (!action.is_object() || action.size() != 1)
    return format_error(where, "expected one of create_alias, delete_alias, rename_alias");
  const auto entry = action.begin();
  const json& j = entry.value();
  const auto text = [&](const char* name, std::string& out) -> Status {
    if (!j.is_object() || !given(j, name) || !j.at(name).is_string())
      return format_error(where + "." + entry.key(), std::string("missing field `") + name + "`");
    out = j.at(name).get<std::string>();
    return base::ok();
  };
  gateway::AliasAction out;
  if (entry.key() == "create_alias") {
    out.kind = gateway::AliasAction::Kind::kCreate;
    RHUMB_TRY(text("collection_name", out.collection));
    RHUMB_TRY(text("alias_name", out.alias));
    RHUMB_TRY(check_name(out.alias, where + ".alias_name", limits::kMaxNameBytes));
  } else if (entry.key() == "delete_alias") {
    out.kind = gateway::AliasAction::Kind::kDelete;
    RHUMB_TRY(text("alias_name", out.alias));
  } else if (entry.key() == "rename_alias") {
    out.kind = gateway::AliasAction::Kind::kRename;
    RHUMB_TRY(text("old_alias_name", out.alias));
    RHUMB_TRY(text("new_alias_name", out.new_alias));
    RHUMB_TRY(check_name(out.new_alias, where + ".new_alias_name", limits::kMaxNameBytes));
  } else {
    return format_error(where, "unknown action '" + entry.key() + "'");
  }
  return out;
}

}  // namespace

Status check_name(const std::string& name, const std::string& what, size_t max_bytes) {
  return in_brackets(gateway::check_name(name, what, max_bytes));
}

Result<model::CollectionConfig> parse_create_collection(const std::string& body,
                                                        IgnoredMembers* ignored) {
  RHUMB_ASSIGN(const json j, parse_small(body, kCreateCollectionBody, ignored));
  model::CollectionConfig config;
  if (given(j, "vectors")) RHUMB_TRY(read_vectors(j.at("vectors"), config));
  if (given(j, "sparse_vectors") && !j.at("sparse_vectors").empty())
    return base::unsupported("sparse vectors (sparse_vectors)");
  if (given(j, "sharding_method") && j.at("sharding_method") != "auto")
    return base::unsupported("custom sharding (sharding_method)");
  std::optional<uint32_t> shards;
  RHUMB_TRY(read_u32(j, "shard_number", "", 1, limits::kMaxShards, shards));
  config.shard_number = shards.value_or(1);
  RHUMB_TRY(read_params(j, "", config));
  if (given(j, "hnsw_config"))
    RHUMB_TRY(read_hnsw(j.at("hnsw_config"), "hnsw_config", config.hnsw));
  RHUMB_TRY(read_settings(j, config));
  return config;
}

Result<model::CollectionConfig> parse_update_collection(const std::string& body,
                                                        const model::CollectionConfig& present,
                                                        IgnoredMembers* ignored) {
  RHUMB_ASSIGN(const json j, parse_small(body, kUpdateCollectionBody, ignored));
  model::CollectionConfig config = present;
  if (given(j, "sparse_vectors") && !j.at("sparse_vectors").empty())
    return base::unsupported("sparse vectors (sparse_vectors)");
  if (given(j, "params")) RHUMB_TRY(read_params(j.at("params"), "params", config));
  if (given(j, "hnsw_config"))
    RHUMB_TRY(read_hnsw(j.at("hnsw_config"), "hnsw_config", config.hnsw));
  if (given(j, "vectors")) {
    if (!j.at("vectors").is_object()) return format_error("vectors", "expected an object");
    for (const auto& [name, diff] : j.at("vectors").items()) {
      const std::string where = "vectors." + name;
      auto it = config.vectors.find(name);
      if (it == config.vectors.end())
        return base::invalid("Not existing vector name error: " + name + " (" + where + ")");
      if (!diff.is_object()) return format_error(where, "expected an object");
      RHUMB_TRY(read_bool(diff, "on_disk", where, it->second.on_disk));
      RHUMB_TRY(read_memory(diff, where, it->second.memory));
      if (given(diff, "hnsw_config")) {
        RHUMB_TRY(read_hnsw(diff.at("hnsw_config"), where + ".hnsw_config", it->second.hnsw));
        it->second.hnsw_json = hnsw_to_json(it->second.hnsw).dump();
      }
      RHUMB_TRY(read_quantization(diff, where, it->second.quantization_json));
    }
  }
  RHUMB_TRY(read_settings(j, config));
  return config;
}

Result<std::vector<gateway::AliasAction>> parse_alias_actions(const std::string& body,
                                                              IgnoredMembers* ignored) {
  RHUMB_ASSIGN(const json j, parse_small(body, kAliasesBody, ignored));
  if (!given(j, "actions") || !j.at("actions").is_array())
    return format_error("actions", "expected an array");
  if (j.at("actions").size() > limits::kMaxBatchOperations) {
    return base::unprocessable("[actions: at most " + std::to_string(limits::kMaxBatchOperations) +
                               " at once]");
  }
  std::vector<gateway::AliasAction> out;
  for (const json& action : j.at("actions")) {
    RHUMB_ASSIGN(auto one,
                 read_alias_action(action, "actions[" + std::to_string(out.size()) + "]"));
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::pair<std::string, model::PayloadIndexConfig>> parse_create_index(
    const std::string& body, IgnoredMembers* ignored) {
  RHUMB_ASSIGN(const json j, parse_small(body, kCreateIndexBody, ignored));
  if (!given(j, "field_name") || !j.at("field_name").is_string())
    return format_error("field_name", "expected a string");
  const std::string field = j.at("field_name").get<std::string>();
  if (field.empty() || field.size() > limits::kMaxFieldPathBytes) {
    return base::unprocessable("[field_name: 1 to " + std::to_string(limits::kMaxFieldPathBytes) +
                               " bytes, got " + std::to_string(field.size()) + "]");
  }
  if (const auto path = payload::JsonPath::parse(field); !path.ok())
    return base::invalid("field_name: " + path.status().message());
  if (!given(j, "field_schema"))
    return base::unsupported(
        "payload index without a schema: name one in field_schema (keyword, integer, ...)");
  const json& schema = j.at("field_schema");
  std::string name;
  model::PayloadIndexConfig config;
  if (schema.is_string()) {
    name = schema.get<std::string>();
  } else if (schema.is_object() && given(schema, "type") && schema.at("type").is_string()) {
    name = schema.at("type").get<std::string>();
    RHUMB_TRY(check_size(schema, "field_schema"));
    config.params_json = schema.dump();
  } else {
    return format_error("field_schema", "expected a type, or an object with a type");
  }
  const auto type = model::field_type_from(name);
  if (!type)
    return format_error(
        "field_schema",
        "'" + name + "' is not one of keyword, integer, float, bool, datetime, uuid, geo, text");
  if (*type == model::FieldType::kGeo || *type == model::FieldType::kText)
    return base::unsupported(name + " index (field_schema)");
  config.type = *type;
  return std::pair{field, config};
}

}  // namespace rhumb::http::rest
