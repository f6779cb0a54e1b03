#include "host/http/rest/parse/parse_writes.h"

#include "host/base/limits.h"
#include "host/gateway/vector_bits.h"
#include "host/http/rest/parse/check_shape.h"
#include "host/http/rest/parse/parse_filter.h"
#include "host/http/rest/parse/parse_points.h"
#include "host/http/rest/parse/parse_select.h"
#include "host/http/rest/parse/wide_numbers.h"

namespace rhumb::http::rest {
namespace {

using base::Result;
using base::Status;
using model::Operation;
using model::OperationKind;
namespace limits = base::limits;

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

}  // namespace rhumb::http::rest
