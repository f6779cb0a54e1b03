#include "host/http/rest/parse/parse_points.h"

#include "host/base/limits.h"
#include "host/gateway/vector_bits.h"
#include "host/gateway/write_rules.h"
#include "host/http/rest/parse/parse_filter.h"
#include "host/http/rest/parse/parse_vector.h"

namespace rhumb::http::rest {

using base::Result;
using base::Status;
namespace limits = base::limits;

Status too_many(const std::string& where, size_t n, uint32_t limit) {
  return out_of_range(where, std::to_string(n) + " entries, at most " + std::to_string(limit));
}

Result<std::string> parse_payload(const std::optional<Element>& e, const std::string& where) {
  if (!e) return std::string();
  RHUMB_TRY([&] {
    auto object = as_object(*e, where);
    return object.ok() ? base::ok() : object.status();
  }());
  std::string text;
  append_minified(text, *e);
  if (text.size() > limits::kMaxPayloadBytes) {
    return Status(base::Code::kInvalid, where + ": " + std::to_string(text.size()) +
                                            " bytes of payload, at most " +
                                            std::to_string(limits::kMaxPayloadBytes));
  }
  if (text == "{}") text.clear();
  return text;
}

Result<std::vector<model::PointId>> parse_ids(const Element& e, const std::string& where) {
  RHUMB_ASSIGN(const Array array, as_array(e, where));
  if (array.size() > limits::kMaxBatchPoints)
    return too_many(where, array.size(), limits::kMaxBatchPoints);
  std::vector<model::PointId> out;
  out.reserve(array.size());
  for (const Element item : array) {
    RHUMB_ASSIGN(auto id, parse_id(item, at(where, out.size())));
    out.push_back(std::move(id));
  }
  return out;
}

Result<model::PointWrite> parse_point(const Element& e, const model::CollectionConfig& config,
                                      const std::string& where, bool with_payload) {
  RHUMB_ASSIGN(const Object object, as_object(e, where));
  model::PointWrite point;
  const auto id = member(object, "id"), vector = member(object, "vector"),
             base64 = member(object, "vector_b64");
  if (!id) return format_error(where, "missing field `id`");
  RHUMB_ASSIGN(point.id, parse_id(*id, at(where, "id")));
  if (vector) {
    RHUMB_ASSIGN(point.vectors, parse_vectors(*vector, config, at(where, "vector")));
  } else if (base64) {
    const std::string place = at(where, "vector_b64");
    RHUMB_ASSIGN(const auto* params, gateway::vector_params(config, "", place));
    RHUMB_ASSIGN(const auto text, as_string(*base64, place));
    RHUMB_ASSIGN(auto components, decode_base64_f32(text, place));
    RHUMB_ASSIGN(auto bytes, gateway::final_bits(std::move(components), *params, place));
    point.vectors.push_back({"", std::move(bytes)});
  } else {
    return format_error(where, "missing field `vector`");
  }
  if (with_payload) {
    RHUMB_ASSIGN(point.payload, parse_payload(member(object, "payload"), at(where, "payload")));
  }
  return point;
}

Status parse_point_list(const Element& e, const model::CollectionConfig& config,
                        const std::string& where, bool with_payload,
                        std::vector<model::PointWrite>& out) {
  RHUMB_ASSIGN(const Array array, as_array(e, where));
  if (array.size() > limits::kMaxBatchPoints)
    return too_many(where, array.size(), limits::kMaxBatchPoints);
  out.reserve(array.size());
  for (const Element item : array) {
    RHUMB_ASSIGN(auto point, parse_point(item, config, at(where, out.size()), with_payload));
    out.push_back(std::move(point));
  }
  return base::ok();
}

Status parse_columns(const Element& e, const model::CollectionConfig& config,
                     const std::string& where, std::vector<model::PointWrite>& out) {
  RHUMB_ASSIGN(const Object batch, as_object(e, where));
  const auto ids = member(batch, "ids"), vectors = member(batch, "vectors"),
             payloads = member(batch, "payloads");
  if (!ids || !vectors) return format_error(where, "a batch needs `ids` and `vectors`");
  RHUMB_ASSIGN(auto parsed, parse_ids(*ids, at(where, "ids")));
  out.resize(parsed.size());
  for (size_t i = 0; i < parsed.size(); ++i) out[i].id = std::move(parsed[i]);
  auto column = [&](const Element& list, const std::string& name,
                    const std::string& place) -> Status {
    RHUMB_ASSIGN(const auto* params, gateway::vector_params(config, name, place));
    RHUMB_ASSIGN(const Array rows, as_array(list, place));
    if (rows.size() != out.size())
      return base::invalid(place + ": " + std::to_string(rows.size()) + " vectors for " +
                           std::to_string(out.size()) + " ids");
    size_t i = 0;
    for (const Element row : rows) {
      RHUMB_ASSIGN(auto bytes, parse_vector(row, *params, at(place, i)));
      gateway::put_vector(out[i++].vectors, name, std::move(bytes));
    }
    return base::ok();
  };
  if (vectors->is_array()) {
    RHUMB_TRY(column(*vectors, "", at(where, "vectors")));
  } else {
    RHUMB_ASSIGN(const Object by_name, as_object(*vectors, at(where, "vectors")));
    for (const auto field : by_name)
      RHUMB_TRY(column(field.value, std::string(field.key), at(at(where, "vectors"), field.key)));
  }
  if (!payloads) return base::ok();
  RHUMB_ASSIGN(const Array rows, as_array(*payloads, at(where, "payloads")));
  if (rows.size() != out.size())
    return base::invalid(at(where, "payloads") + ": " + std::to_string(rows.size()) +
                         " payloads for " + std::to_string(out.size()) + " ids");
  size_t i = 0;
  for (const Element row : rows) {
    const std::optional<Element> payload = row.is_null() ? std::nullopt : std::optional(row);
    RHUMB_ASSIGN(out[i].payload, parse_payload(payload, at(at(where, "payloads"), i)));
    ++i;
  }
  return base::ok();
}

}  // namespace rhumb::http::rest
