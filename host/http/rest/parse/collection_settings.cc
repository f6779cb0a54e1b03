#include "host/http/rest/parse/collection_settings.h"

#include "host/base/limits.h"
#include "host/gateway/settings_rules.h"
#include "host/http/rest/parse/body_error.h"
#include "host/http/rest/parse/check_shape.h"

namespace rhumb::http::rest {
namespace {

using base::Status;
namespace limits = base::limits;

void keep_known(json& object, const Shape& shape);

// Removes unknown members of a member's value, as far as the table describes the value.
void keep_known_in(json& value, const Member& m) {
  if (m.shape == nullptr || !value.is_structured() ||
      (value.is_array() && m.holds != Holds::kOneOrMore))
    return;
  const bool named =
      m.holds == Holds::kMap ||
      (m.holds == Holds::kOneOrNamed && (!given(value, "size") || value.at("size").is_object()));
  if (value.is_object() && !named) return keep_known(value, *m.shape);
  for (json& item : value) {
    if (item.is_object()) keep_known(item, *m.shape);
  }
}

void keep_known(json& object, const Shape& shape) {
  json kept = json::object();
  for (auto it = object.begin(); it != object.end(); ++it) {
    const Member* m = shape.find(it.key());
    if (m == nullptr) continue;
    keep_known_in(it.value(), *m);
    kept[std::string(m->same_as_before ? (m - 1)->name : m->name)] = std::move(it.value());
  }
  object = std::move(kept);
}

}  // namespace

bool given(const json& j, const char* name) {
  auto it = j.find(name);
  return it != j.end() && !it->is_null();
}

base::Result<json> parse_small(const std::string& body, const Shape& shape,
                               IgnoredMembers* ignored) {
  bool too_deep = false;
  const auto guard = [&](int depth, json::parse_event_t, json&) {
    if (depth > static_cast<int>(limits::kMaxJsonDepth)) too_deep = true;
    return !too_deep;
  };
  try {
    json parsed = json::parse(body, guard);
    if (too_deep)
      return base::malformed_body("nested deeper than " + std::to_string(limits::kMaxJsonDepth) +
                                  " levels");
    if (!parsed.is_object()) return base::malformed_body("expected an object");
    // The members as they came, because nlohmann keeps only one of two members with the same name.
    RHUMB_ASSIGN(const Element e, parse_body(body));
    RHUMB_TRY(check_shape(e, shape, "", ignored));
    keep_known(parsed, shape);
    return parsed;
  } catch (const json::exception& e) {
    return base::malformed_body(e.what());
  }
}

Status read_u32(const json& j, const char* name, const std::string& where, uint64_t min,
                uint64_t max, std::optional<uint32_t>& out) {
  if (!given(j, name)) return base::ok();
  const json& value = j.at(name);
  const std::string place = where.empty() ? std::string(name) : where + "." + name;
  if (!value.is_number_unsigned())
    return format_error(place, "expected a whole number from " + std::to_string(min) + " to " +
                                   std::to_string(max));
  const auto number = value.get<uint64_t>();
  if (number < min || number > max) {
    return out_of_range(place, std::to_string(number) + " is not from " + std::to_string(min) +
                                   " to " + std::to_string(max))
        .with({.field = place, .limit = number < min ? min : max});
  }
  out = static_cast<uint32_t>(number);
  return base::ok();
}

Status read_bool(const json& j, const char* name, const std::string& where,
                 std::optional<bool>& out) {
  if (!given(j, name)) return base::ok();
  if (!j.at(name).is_boolean())
    return format_error(where.empty() ? std::string(name) : where + "." + name,
                        "expected true or false");
  out = j.at(name).get<bool>();
  return base::ok();
}

Status read_memory(const json& j, const std::string& where, std::optional<std::string>& out) {
  if (!given(j, "memory")) return base::ok();
  const std::string place = where.empty() ? "memory" : where + ".memory";
  for (const std::string_view known : model::kMemoryPlaces) {
    if (j.at("memory") == known) {
      out = known;
      return base::ok();
    }
  }
  return format_error(place, j.at("memory").dump() + " is not one of cold, cached, pinned");
}

base::Result<const json*> given_quantization(const json& j, const std::string& where) {
  const bool is_named = given(j, "quantization_config"), is_short = given(j, "quantization");
  if (is_named && is_short)
    return format_error(
        where,
        "`quantization_config` and `quantization` are one member under two names: give "
        "one of them");
  if (is_named) return &j.at("quantization_config");
  return is_short ? &j.at("quantization") : nullptr;
}

Status check_size(const json& j, const std::string& where) {
  const size_t bytes = j.dump().size();
  if (bytes > limits::kMaxMetadataBytes)
    return out_of_range(where, std::to_string(bytes) + " bytes, at most " +
                                   std::to_string(limits::kMaxMetadataBytes));
  return base::ok();
}

Status read_hnsw(const json& j, const std::string& where, model::HnswConfig& out) {
  if (!j.is_object()) return format_error(where, "expected an object");
  constexpr uint64_t kAny = UINT32_MAX;
  RHUMB_TRY(read_u32(j, "m", where, 0, kAny, out.m));
  RHUMB_TRY(read_u32(j, "ef_construct", where, 0, kAny, out.ef_construct));
  RHUMB_TRY(read_u32(j, "full_scan_threshold", where, 0, kAny, out.full_scan_threshold));
  RHUMB_TRY(read_u32(j, "max_indexing_threads", where, 0, kAny, out.max_indexing_threads));
  RHUMB_TRY(read_u32(j, "payload_m", where, 0, kAny, out.payload_m));
  RHUMB_TRY(read_bool(j, "on_disk", where, out.on_disk));
  RHUMB_TRY(read_memory(j, where, out.memory));
  RHUMB_TRY(read_bool(j, "inline_storage", where, out.inline_storage));
  return in_brackets(gateway::check_hnsw(out, where));
}

json hnsw_to_json(const model::HnswConfig& h) {
  json j = json::object();
  const auto put = [&j](const char* name, const auto& value) {
    if (value) j[name] = *value;
  };
  put("m", h.m);
  put("ef_construct", h.ef_construct);
  put("full_scan_threshold", h.full_scan_threshold);
  put("max_indexing_threads", h.max_indexing_threads);
  put("payload_m", h.payload_m);
  put("on_disk", h.on_disk);
  put("inline_storage", h.inline_storage);
  put("memory", h.memory);
  return j;
}

}  // namespace rhumb::http::rest
