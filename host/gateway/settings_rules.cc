#include "host/gateway/settings_rules.h"

#include <cstdio>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>

#include "host/base/limits.h"
#include "host/model/contract.h"

namespace rhumb::gateway {
namespace {

using base::Status;
using nlohmann::json;
namespace limits = base::limits;

constexpr double kAny = 9007199254740992.0;  // 2^53

struct NumberRule {
  const char* name;
  double min, max;
};

Status wrong_form(const std::string& place, const std::string& why) {
  return base::malformed_body(place + ": " + why).with({.field = place});
}
Status beyond(const std::string& place, const std::string& why) {
  return base::unprocessable(place + ": " + why).with({.field = place});
}

bool given(const json& j, const char* name) {
  const auto it = j.find(name);
  return it != j.end() && !it->is_null();
}

std::string text_of(const json& j, const char* name) {
  const auto it = j.find(name);
  return it != j.end() && it->is_string() ? it->get<std::string>() : std::string();
}

Status check_number(const json& j, const NumberRule& rule, const std::string& place) {
  if (!given(j, rule.name)) return base::ok();
  const json& value = j.at(rule.name);
  const std::string member = place + "." + rule.name;
  if (!value.is_number()) return wrong_form(member, "expected a number");
  const double number = value.get<double>();
  if (number >= rule.min && number <= rule.max) return base::ok();
  char text[96];
  std::snprintf(text, sizeof(text), "%g is not from %g to %g", number, rule.min, rule.max);
  return beyond(member, text);
}

Status check_numbers(const json& j, std::initializer_list<NumberRule> rules,
                     const std::string& place) {
  if (!j.is_object()) return wrong_form(place, "expected an object");
  for (const NumberRule& rule : rules) RHUMB_TRY(check_number(j, rule, place));
  return base::ok();
}

Status check_optimizers(const json& j, const std::string& place) {
  RHUMB_TRY(check_numbers(j,
                          {{"deleted_threshold", 0, 1},
                           {"vacuum_min_vector_number", 100, kAny},
                           {"default_segment_number", 0, kAny},
                           {"max_segment_size", 1, kAny},
                           {"memmap_threshold", 0, kAny},
                           {"indexing_threshold", 0, kAny},
                           {"flush_interval_sec", 0, kAny}},
                          place));
  if (given(j, "max_optimization_threads") && j.at("max_optimization_threads") != "auto")
    RHUMB_TRY(check_number(j, {"max_optimization_threads", 0, 1024}, place));
  return base::ok();
}

Status check_wal(const json& j, const std::string& place) {
  return check_numbers(j,
                       {{"wal_capacity_mb", 1, kAny},
                        {"wal_segments_ahead", 0, kAny},
                        {"wal_retain_closed", 1, kAny}},
                       place);
}

Status check_quantization(const json& j, const std::string& place) {
  if (j == "Disabled") return base::ok();
  if (!j.is_object() || j.size() != 1)
    return wrong_form(place, "expected one of scalar, product, binary, turbo");
  const auto kind = j.begin();
  const std::string member = place + "." + kind.key();
  if (!kind.value().is_object()) return wrong_form(member, "expected an object");
  if (kind.key() == "scalar") {
    if (text_of(kind.value(), "type") != "int8")
      return wrong_form(member + ".type", "expected int8");
    return check_numbers(kind.value(), {{"quantile", 0.5, 1}}, member);
  }
  if (kind.key() == "product") {
    const std::string compression = text_of(kind.value(), "compression");
    for (const char* known : {"x4", "x8", "x16", "x32", "x64"}) {
      if (compression == known) return base::ok();
    }
    return wrong_form(member + ".compression", "expected one of x4, x8, x16, x32, x64");
  }
  if (kind.key() == "binary" || kind.key() == "turbo") return base::ok();
  return wrong_form(place, "unknown quantization '" + kind.key() +
                               "', expected one of scalar, product, binary, turbo");
}

Status check_strict_mode(const json& j, const std::string& place) {
  if (!j.is_object()) return wrong_form(place, "expected an object");
  if (!given(j, "enabled")) return base::ok();
  if (!j.at("enabled").is_boolean())
    return wrong_form(place + ".enabled", "expected true or false");
  if (j.at("enabled").get<bool>()) return base::unsupported("strict mode (" + place + ".enabled)");
  return base::ok();
}

Status check_metadata(const json& j, const std::string& place) {
  return j.is_object() ? base::ok() : wrong_form(place, "expected an object");
}

Status check_contract(const json& j, const std::string& place) {
  if (j == "Disabled") return base::ok();
  if (!j.is_object()) return wrong_form(place, "expected an object, or \"Disabled\"");
  for (const auto& [name, value] : j.items()) {
    if (name == "recall" || value.is_null()) continue;
    if (name == "p99_ms" || name == "consistency")
      return base::unsupported("a contract about this (" + place + "." + name + ")");
    return wrong_form(place + "." + name, "unknown member; a contract has only recall");
  }
  return check_number(j, {"recall", model::kRecallMin, model::kRecallMax}, place);
}

// Where payloads or the id tracker lie.
Status check_placement(const json& j, const std::string& place) {
  if (!j.is_object()) return wrong_form(place, "expected an object");
  if (!given(j, "memory")) return base::ok();
  for (const std::string_view known : model::kMemoryPlaces) {
    if (j.at("memory") == known) return base::ok();
  }
  return wrong_form(place + ".memory",
                    j.at("memory").dump() + " is not one of cold, cached, pinned");
}

struct Setting {
  std::string_view name;
  Status (*check)(const json&, const std::string&);
};
constexpr Setting kSettings[] = {{"optimizers_config", check_optimizers},
                                 {"wal_config", check_wal},
                                 {"quantization_config", check_quantization},
                                 {"strict_mode_config", check_strict_mode},
                                 {"metadata", check_metadata},
                                 {"contract", check_contract},
                                 {"payload", check_placement},
                                 {"id_tracker", check_placement}};

// Settings are stored with the metadata of the cluster, so their size has a limit.
Status check_value(std::string_view name, const json& value, const std::string& place) {
  for (const Setting& setting : kSettings) {
    if (setting.name != name) continue;
    RHUMB_TRY(setting.check(value, place));
    const size_t bytes = value.dump().size();
    if (bytes <= limits::kMaxMetadataBytes) return base::ok();
    return beyond(place, std::to_string(bytes) + " bytes, at most " +
                             std::to_string(limits::kMaxMetadataBytes));
  }
  return base::invalid(place + ": there is no setting of this name").with({.field = place});
}

base::Result<json> parsed(std::string_view text, const std::string& place) {
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return wrong_form(place, "expected JSON");
  return value;
}

}  // namespace

Status check_setting(std::string_view name, std::string_view text, const std::string& place) {
  RHUMB_ASSIGN(const json value, parsed(text, place));
  return check_value(name, value, place);
}

Status merge_setting(model::CollectionConfig& config, const std::string& name,
                     std::string_view text, const std::string& place) {
  RHUMB_ASSIGN(const json change, parsed(text, place));
  RHUMB_TRY(check_value(name, change, place));
  std::string& stored = config.settings_json[name];
  if (change == "Disabled") {
    config.settings_json.erase(name);
    return base::ok();
  }
  json whole = stored.empty() ? json::object() : json::parse(stored);
  if (name == "quantization_config" || !whole.is_object()) {
    whole = change;
  } else {
    for (const auto& [member, value] : change.items()) {
      if (!value.is_null())
        whole[member] = value;
      else if (name == "metadata")
        whole.erase(member);
    }
  }
  RHUMB_TRY(check_value(name, whole, place));
  stored = whole.dump();
  return base::ok();
}

Status check_hnsw(const model::HnswConfig& hnsw, const std::string& place) {
  struct Range {
    const char* name;
    std::optional<uint32_t> value;
    uint64_t min, max;
  };
  for (const Range& r :
       {Range{"m", hnsw.m, 0, 512}, Range{"ef_construct", hnsw.ef_construct, 4, 65536},
        Range{"full_scan_threshold", hnsw.full_scan_threshold, 10, UINT32_MAX},
        Range{"max_indexing_threads", hnsw.max_indexing_threads, 0, 1024},
        Range{"payload_m", hnsw.payload_m, 0, 512}}) {
    if (!r.value || (*r.value >= r.min && *r.value <= r.max)) continue;
    const std::string field = place + "." + r.name;
    return base::unprocessable(field + ": " + std::to_string(*r.value) + " is not from " +
                               std::to_string(r.min) + " to " + std::to_string(r.max))
        .with({.field = field, .limit = *r.value < r.min ? r.min : r.max});
  }
  return base::ok();
}

}  // namespace rhumb::gateway
