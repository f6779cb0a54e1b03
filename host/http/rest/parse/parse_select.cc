#include "host/http/rest/parse/parse_select.h"

#include "host/base/limits.h"
#include "host/payload/json/json_path.h"

namespace rhumb::http::rest {
namespace {

using base::Result;
using model::PayloadSelector;
using model::VectorSelector;

Result<std::vector<std::string>> strings(const Element& e, const std::string& where) {
  RHUMB_ASSIGN(const Array array, as_array(e, where));
  if (array.size() > base::limits::kMaxFilterConditions) {
    return out_of_range(where, std::to_string(array.size()) + " names, at most " +
                                   std::to_string(base::limits::kMaxFilterConditions));
  }
  std::vector<std::string> out;
  for (const Element item : array) {
    RHUMB_ASSIGN(const auto text, as_string(item, at(where, out.size())));
    out.emplace_back(text);
  }
  return out;
}

Result<std::vector<std::string>> paths(const Element& e, const std::string& where) {
  RHUMB_ASSIGN(auto out, strings(e, where));
  for (size_t i = 0; i < out.size(); ++i) RHUMB_TRY(check_path(out[i], at(where, i)));
  return out;
}

}  // namespace

base::Status check_path(std::string_view path, const std::string& where) {
  if (path.size() > base::limits::kMaxFieldPathBytes) {
    return out_of_range(where, std::to_string(path.size()) + " bytes, at most " +
                                   std::to_string(base::limits::kMaxFieldPathBytes));
  }
  const auto parsed = payload::JsonPath::parse(path);
  return parsed.ok() ? base::ok() : base::invalid(where + ": " + parsed.status().message());
}

Result<PayloadSelector> parse_with_payload(const Object& body, const std::string& where,
                                           bool fallback) {
  PayloadSelector out;
  const auto value = member(body, "with_payload");
  const std::string place = at(where, "with_payload");
  if (!value || value->is_bool()) {
    out.mode = (value ? bool(*value) : fallback) ? PayloadSelector::Mode::kAll
                                                 : PayloadSelector::Mode::kNone;
    return out;
  }
  if (value->is_array()) {
    out.mode = PayloadSelector::Mode::kInclude;
    RHUMB_ASSIGN(out.keys, paths(*value, place));
    return out;
  }
  RHUMB_ASSIGN(const Object object, as_object(*value, place));
  // Never both, because check_shape() refuses that.
  const auto include = member(object, "include"), exclude = member(object, "exclude");
  if (!include && !exclude)
    return format_error(place, "expected true, false, a list, include or exclude");
  out.mode = include ? PayloadSelector::Mode::kInclude : PayloadSelector::Mode::kExclude;
  RHUMB_ASSIGN(out.keys,
               paths(include ? *include : *exclude, at(place, include ? "include" : "exclude")));
  return out;
}

Result<VectorSelector> parse_with_vector(const Object& body, const std::string& where) {
  VectorSelector out;
  auto value = member(body, "with_vector");
  if (!value) value = member(body, "with_vectors");
  if (!value) return out;
  const std::string place = at(where, "with_vector");
  if (value->is_bool()) {
    if (bool(*value)) out.mode = VectorSelector::Mode::kAll;
    return out;
  }
  out.mode = VectorSelector::Mode::kNames;
  RHUMB_ASSIGN(out.names, strings(*value, place));
  return out;
}

base::Status refuse_shard_key(const Object& body, const std::string& where) {
  if (member(body, "shard_key"))
    return base::unsupported("custom sharding (" + at(where, "shard_key") + ")");
  return base::ok();
}

}  // namespace rhumb::http::rest
