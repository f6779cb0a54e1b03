#include "host/http/rest/parse/parse_points.h"

#include <algorithm>

#include "host/base/limits.h"
#include "host/gateway/vector_bits.h"
#include "host/gateway/write_rules.h"
#include "host/http/rest/parse/check_shape.h"
#include "host/http/rest/parse/parse_filter.h"
#include "host/http/rest/parse/parse_select.h"
#include "host/http/rest/parse/parse_vector.h"
#include "host/http/rest/parse/wide_numbers.h"

namespace rhumb::http::rest {
namespace {

using base::Result;
using base::Status;
using model::Operation;
using model::OperationKind;
namespace limits = base::limits;

Status too_many(const std::string& where, size_t n, uint32_t limit) {
  return out_of_range(where, std::to_string(n) + " entries, at most " + std::to_string(limit));
}

Status refuse_shard_key(const Object& body, const std::string& where) {
  if (member(body, "shard_key"))
    return base::unsupported("custom sharding (" + at(where, "shard_key") + ")");
  return base::ok();
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

// Parses the column form: {"ids":[..],"vectors":[[..],..] | {name:[[..],..]},"payloads":[..]}.
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

Status parse_update_filter(const Object& body, const std::string& where, Operation& o) {
  if (const auto filter = member(body, "update_filter")) {
    RHUMB_ASSIGN(o.update_filter, parse_filter(*filter, at(where, "update_filter")));
  }
  return base::ok();
}

Result<Operation> upsert(const Element& e, const model::CollectionConfig& config,
                         const std::string& where) {
  RHUMB_ASSIGN(const Object body, as_object(e, where));
  RHUMB_TRY(refuse_shard_key(body, where));
  Operation o;
  o.kind = OperationKind::kUpsert;
  const auto points = member(body, "points"), batch = member(body, "batch");
  if (points)
    RHUMB_TRY(parse_point_list(*points, config, at(where, "points"), true, o.points));
  else if (batch) {
    RHUMB_ASSIGN(const Object columns, as_object(*batch, at(where, "batch")));
    RHUMB_TRY(refuse_shard_key(columns, at(where, "batch")));
    RHUMB_TRY(parse_columns(*batch, config, at(where, "batch"), o.points));
  } else {
    return format_error(where, "missing field `points` or `batch`");
  }
  RHUMB_TRY(parse_update_filter(body, where, o));
  if (const auto mode = member(body, "update_mode")) {
    RHUMB_ASSIGN(const auto text, as_string(*mode, at(where, "update_mode")));
    if (text == "insert_only")
      o.mode = model::UpdateMode::kInsertOnly;
    else if (text == "update_only")
      o.mode = model::UpdateMode::kUpdateOnly;
    else if (text != "upsert")
      return format_error(
          at(where, "update_mode"),
          "'" + std::string(text) + "' is not one of upsert, insert_only, update_only");
  }
  return o;
}

// Parses `points` (ids) or `filter`; a delete body may also be just the wrapper of the filter.
Status parse_selection(const Object& body, const std::string& where, Operation& o) {
  RHUMB_TRY(refuse_shard_key(body, where));
  const auto points = member(body, "points"), filter = member(body, "filter");  // never both
  if (points) {
    RHUMB_ASSIGN(o.ids, parse_ids(*points, at(where, "points")));
    return base::ok();
  }
  if (!filter) return format_error(where, "either `points` or `filter` must be given");
  RHUMB_ASSIGN(o.filter, parse_filter(*filter, at(where, "filter")));
  return base::ok();
}

Result<Operation> delete_points(const Element& e, const std::string& where) {
  RHUMB_ASSIGN(const Object body, as_object(e, where));
  Operation o;
  o.kind = OperationKind::kDelete;
  RHUMB_TRY(parse_selection(body, where, o));
  return o;
}

Result<Operation> update_vectors(const Element& e, const model::CollectionConfig& config,
                                 const std::string& where) {
  RHUMB_ASSIGN(const Object body, as_object(e, where));
  RHUMB_TRY(refuse_shard_key(body, where));
  Operation o;
  o.kind = OperationKind::kUpdateVectors;
  const auto points = member(body, "points");
  if (!points) return format_error(where, "missing field `points`");
  RHUMB_TRY(parse_point_list(*points, config, at(where, "points"), false, o.points));
  RHUMB_TRY(parse_update_filter(body, where, o));
  return o;
}

Result<Operation> delete_vectors(const Element& e, const model::CollectionConfig& config,
                                 const std::string& where) {
  RHUMB_ASSIGN(const Object body, as_object(e, where));
  Operation o;
  o.kind = OperationKind::kDeleteVectors;
  RHUMB_TRY(parse_selection(body, where, o));
  auto names = member(body, "vector");
  if (!names) names = member(body, "vectors");
  if (!names) return format_error(where, "missing field `vector`");
  RHUMB_ASSIGN(const Array array, as_array(*names, at(where, "vector")));
  if (array.size() > limits::kMaxFilterConditions)
    return too_many(at(where, "vector"), array.size(), limits::kMaxFilterConditions);
  for (const Element item : array) {
    const std::string place = at(at(where, "vector"), o.names.size());
    RHUMB_ASSIGN(const auto name, as_string(item, place));
    RHUMB_TRY([&] {
      auto known = gateway::vector_params(config, std::string(name), place);
      return known.ok() ? base::ok() : known.status();
    }());
    o.names.emplace_back(name);
  }
  if (o.names.empty()) return out_of_range(at(where, "vector"), "no vector is named");
  return o;
}

Status parse_keys(const Object& body, const std::string& where, Operation& o) {
  const auto keys = member(body, "keys");
  if (!keys) return format_error(where, "missing field `keys`");
  RHUMB_ASSIGN(const Array array, as_array(*keys, at(where, "keys")));
  if (array.size() > limits::kMaxFilterConditions)
    return too_many(at(where, "keys"), array.size(), limits::kMaxFilterConditions);
  for (const Element item : array) {
    const std::string place = at(at(where, "keys"), o.names.size());
    RHUMB_ASSIGN(const auto key, as_string(item, place));
    RHUMB_TRY(check_path(key, place));
    o.names.emplace_back(key);
  }
  return base::ok();
}

Result<Operation> payload_change(const Element& e, OperationKind kind, const std::string& where) {
  RHUMB_ASSIGN(const Object body, as_object(e, where));
  Operation o;
  o.kind = kind;
  RHUMB_TRY(parse_selection(body, where, o));
  if (kind == OperationKind::kClearPayload) return o;
  if (kind == OperationKind::kDeletePayload) {
    RHUMB_TRY(parse_keys(body, where, o));
    return o;
  }
  const auto payload = member(body, "payload");
  if (!payload) return format_error(where, "missing field `payload`");
  RHUMB_ASSIGN(o.payload, parse_payload(payload, at(where, "payload")));
  if (const auto key = member(body, "key")) {
    RHUMB_ASSIGN(const auto path, as_string(*key, at(where, "key")));
    RHUMB_TRY(check_path(path, at(where, "key")));
    o.payload_key = std::string(path);
  }
  return o;
}

Result<Operation> batch_entry(std::string_view name, const Element& e,
                              const model::CollectionConfig& config, const std::string& where) {
  if (name == "upsert") return upsert(e, config, where);
  if (name == "delete" || name == "delete_points") return delete_points(e, where);
  if (name == "update_vectors") return update_vectors(e, config, where);
  if (name == "delete_vectors") return delete_vectors(e, config, where);
  if (name == "set_payload") return payload_change(e, OperationKind::kSetPayload, where);
  if (name == "overwrite_payload")
    return payload_change(e, OperationKind::kOverwritePayload, where);
  if (name == "delete_payload") return payload_change(e, OperationKind::kDeletePayload, where);
  if (name == "clear_payload") return payload_change(e, OperationKind::kClearPayload, where);
  return format_error(where, "unknown operation");
}

const Shape& shape_of_change(OperationKind kind) {
  if (kind == OperationKind::kClearPayload) return kDeletePointsBody;
  return kind == OperationKind::kDeletePayload ? kDeletePayloadBody : kSetPayloadBody;
}

Result<model::PointId> parse_offset(const Element& e) { return parse_id(e, "offset"); }

}  // namespace

Result<Operation> parse_upsert(const std::string& body, const model::CollectionConfig& config,
                               IgnoredMembers* ignored) {
  return parse_with_wide_numbers(
      body, checked(kUpsertBody, ignored, [&](const Element& e) { return upsert(e, config, ""); }));
}
Result<Operation> parse_delete_points(const std::string& body, IgnoredMembers* ignored) {
  RHUMB_ASSIGN(const Element e, parse_body(body));
  RHUMB_TRY(check_shape(e, kDeletePointsBody, "", ignored));
  return delete_points(e, "");
}
Result<Operation> parse_update_vectors(const std::string& body,
                                       const model::CollectionConfig& config,
                                       IgnoredMembers* ignored) {
  return parse_with_wide_numbers(body, checked(kUpdateVectorsBody, ignored, [&](const Element& e) {
                                   return update_vectors(e, config, "");
                                 }));
}
Result<Operation> parse_delete_vectors(const std::string& body,
                                       const model::CollectionConfig& config,
                                       IgnoredMembers* ignored) {
  RHUMB_ASSIGN(const Element e, parse_body(body));
  RHUMB_TRY(check_shape(e, kDeleteVectorsBody, "", ignored));
  return delete_vectors(e, config, "");
}
Result<Operation> parse_payload_change(const std::string& body, OperationKind kind,
                                       IgnoredMembers* ignored) {
  RHUMB_ASSIGN(const Element e, parse_body(body));
  RHUMB_TRY(check_shape(e, shape_of_change(kind), "", ignored));
  return payload_change(e, kind, "");
}

Result<Operations> parse_batch(const std::string& body, const model::CollectionConfig& config,
                               IgnoredMembers* ignored) {
  RHUMB_ASSIGN(const Element e, parse_body(body));
  RHUMB_TRY(check_shape(e, kBatchBody, "", ignored));
  RHUMB_ASSIGN(const Object object, as_object(e, ""));
  const auto list = member(object, "operations");
  if (!list) return format_error("", "missing field `operations`");
  RHUMB_ASSIGN(const Array array, as_array(*list, "operations"));
  if (array.size() > limits::kMaxBatchOperations)
    return too_many("operations", array.size(), limits::kMaxBatchOperations);
  Operations out;
  for (const Element item : array) {
    const std::string where = at("operations", out.size());
    RHUMB_ASSIGN(const Object entry, as_object(item, where));
    if (entry.size() != 1)
      return format_error(
          where, "an operation is an object with one member: upsert, delete, set_payload, ...");
    const auto field = *entry.begin();
    RHUMB_ASSIGN(auto operation, batch_entry(field.key, field.value, config, at(where, field.key)));
    out.push_back(std::move(operation));
  }
  return out;
}

Result<model::PointWrite> parse_import_line(const std::string& line,
                                            const model::CollectionConfig& config,
                                            IgnoredMembers* ignored) {
  return parse_with_wide_numbers(line, checked(kPoint, ignored, [&](const Element& e) {
                                   return parse_point(e, config, "", true);
                                 }));
}

Result<model::GetRequest> parse_get(const std::string& body, IgnoredMembers* ignored) {
  RHUMB_ASSIGN(const Element e, parse_body(body));
  RHUMB_TRY(check_shape(e, kGetBody, "", ignored));
  RHUMB_ASSIGN(const Object object, as_object(e, ""));
  RHUMB_TRY(refuse_shard_key(object, ""));
  model::GetRequest out;
  const auto ids = member(object, "ids");
  if (!ids) return format_error("", "missing field `ids`");
  RHUMB_ASSIGN(out.ids, parse_ids(*ids, "ids"));
  RHUMB_ASSIGN(out.with_payload, parse_with_payload(object, "", true));
  RHUMB_ASSIGN(out.with_vector, parse_with_vector(object, ""));
  return out;
}

Result<model::ScrollRequest> parse_scroll(const std::string& body, IgnoredMembers* ignored) {
  RHUMB_ASSIGN(const Element e, parse_body(body));
  RHUMB_TRY(check_shape(e, kScrollBody, "", ignored));
  RHUMB_ASSIGN(const Object object, as_object(e, ""));
  RHUMB_TRY(refuse_shard_key(object, ""));
  model::ScrollRequest out;
  if (member(object, "order_by")) return base::unsupported("order_by in scroll");
  if (const auto offset = member(object, "offset")) {
    RHUMB_ASSIGN(out.offset, parse_offset(*offset));
  }
  if (const auto limit = member(object, "limit")) {
    RHUMB_ASSIGN(const uint64_t n, as_unsigned(*limit, "limit", 1, UINT64_MAX));
    out.limit = static_cast<uint32_t>(std::min<uint64_t>(n, limits::kMaxLimit));
  }
  if (const auto filter = member(object, "filter")) {
    RHUMB_ASSIGN(out.filter, parse_filter(*filter, "filter"));
  }
  RHUMB_ASSIGN(out.with_payload, parse_with_payload(object, "", true));
  RHUMB_ASSIGN(out.with_vector, parse_with_vector(object, ""));
  return out;
}

Result<model::CountRequest> parse_count(const std::string& body, IgnoredMembers* ignored) {
  model::CountRequest out;
  if (body.empty()) return out;
  RHUMB_ASSIGN(const Element e, parse_body(body));
  RHUMB_TRY(check_shape(e, kCountBody, "", ignored));
  RHUMB_ASSIGN(const Object object, as_object(e, ""));
  RHUMB_TRY(refuse_shard_key(object, ""));
  if (const auto filter = member(object, "filter")) {
    RHUMB_ASSIGN(out.filter, parse_filter(*filter, "filter"));
  }
  if (const auto exact = member(object, "exact")) {
    RHUMB_ASSIGN(out.exact, as_bool(*exact, "exact"));
  }
  return out;
}

}  // namespace rhumb::http::rest
