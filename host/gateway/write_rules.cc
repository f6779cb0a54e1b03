#include "host/gateway/write_rules.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "host/base/limits.h"
#include "host/gateway/filter_rules.h"
#include "host/gateway/vector_bits.h"

namespace rhumb::gateway {
namespace {

namespace limits = base::limits;
using base::Status;
using model::Operation;
using model::OperationKind;
using model::PointWrite;

std::string at(const std::string& list, size_t i) { return list + "[" + std::to_string(i) + "]"; }

Status check_count(const std::string& field, size_t count, uint64_t limit) {
  if (count <= limit) return base::ok();
  return base::unprocessable(field + ": " + std::to_string(count) + " entries, at most " +
                             std::to_string(limit))
      .with({.field = field, .limit = limit});
}

Status check_payload(const std::string& payload, const std::string& field) {
  if (payload.size() <= limits::kMaxPayloadBytes) return base::ok();
  return base::invalid(field + ": " + std::to_string(payload.size()) +
                       " bytes of payload, at most " + std::to_string(limits::kMaxPayloadBytes))
      .with({.field = field, .limit = limits::kMaxPayloadBytes});
}

// Errors are rare, so their place is written only for them.
Status check_point(const PointWrite& point, const model::CollectionConfig& config,
                   const std::string& points, size_t i) {
  for (const model::NamedVector& v : point.vectors) {
    const auto params = config.vectors.find(v.name);
    if (params != config.vectors.end() && params->second.takes(v.bytes.size())) continue;
    const std::string field = at(points, i) + ".vector" + (v.name.empty() ? "" : "." + v.name);
    RHUMB_ASSIGN(const auto* known, vector_params(config, v.name, field));
    return wrong_dimension(known->size, v.bytes.size() / model::scalar_bytes(known->datatype),
                           field);
  }
  if (point.payload.size() <= limits::kMaxPayloadBytes) return base::ok();
  return check_payload(point.payload, at(points, i) + ".payload");
}

Status check_one(const Operation& o, const model::CollectionConfig& config,
                 const std::string& place) {
  RHUMB_TRY(check_count(place + "points", std::max(o.points.size(), o.ids.size()),
                        limits::kMaxBatchPoints));
  const std::string points = place + "points";
  for (size_t i = 0; i < o.points.size(); ++i)
    RHUMB_TRY(check_point(o.points[i], config, points, i));
  RHUMB_TRY(check_payload(o.payload, place + "payload"));
  RHUMB_TRY(check_count(place + "names", o.names.size(), limits::kMaxFilterConditions));
  RHUMB_TRY(check(o.filter, place + "filter"));
  RHUMB_TRY(check(o.update_filter, place + "update_filter"));
  if (o.kind != OperationKind::kDeleteVectors) return base::ok();
  for (size_t i = 0; i < o.names.size(); ++i) {
    if (config.vectors.contains(o.names[i])) continue;
    return vector_params(config, o.names[i], at(place + "names", i)).status();
  }
  return base::ok();
}

// Keeps each id once. The last entry counts.
void keep_last(std::vector<PointWrite>& points) {
  std::unordered_set<std::string_view> seen;
  seen.reserve(points.size());
  std::vector<bool> is_last(points.size());
  for (size_t i = points.size(); i-- > 0;) is_last[i] = seen.insert(points[i].id.key()).second;
  if (seen.size() == points.size()) return;
  size_t kept = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    if (!is_last[i]) continue;
    if (kept != i) points[kept] = std::move(points[i]);
    ++kept;
  }
  points.resize(kept);
}

// Keeps each id once, with the vectors of all its entries; of a name, the last vector counts.
void join_vectors(std::vector<PointWrite>& points) {
  std::unordered_map<std::string, size_t> first;
  std::vector<PointWrite> joined;
  for (PointWrite& point : points) {
    const auto [known, fresh] = first.try_emplace(point.id.key(), joined.size());
    if (fresh) {
      joined.push_back(std::move(point));
      continue;
    }
    for (model::NamedVector& v : point.vectors)
      put_vector(joined[known->second].vectors, v.name, std::move(v.bytes));
  }
  points = std::move(joined);
}

}  // namespace

Status check(const std::vector<Operation>& operations, const model::CollectionConfig& config) {
  RHUMB_TRY(check_count("operations", operations.size(), limits::kMaxBatchOperations));
  for (size_t i = 0; i < operations.size(); ++i) {
    RHUMB_TRY(
        check_one(operations[i], config, operations.size() == 1 ? "" : at("operations", i) + "."));
  }
  return base::ok();
}

void merge_equal_ids(Operation& operation) {
  if (operation.kind == OperationKind::kUpdateVectors)
    join_vectors(operation.points);
  else if (operation.points.size() > 1)
    keep_last(operation.points);
  std::sort(operation.ids.begin(), operation.ids.end());
  operation.ids.erase(std::unique(operation.ids.begin(), operation.ids.end()), operation.ids.end());
}

void put_vector(std::vector<model::NamedVector>& vectors, const std::string& name,
                std::string bytes) {
  const auto same = std::find_if(vectors.begin(), vectors.end(),
                                 [&](const model::NamedVector& v) { return v.name == name; });
  if (same != vectors.end())
    same->bytes = std::move(bytes);
  else
    vectors.push_back({name, std::move(bytes)});
}

}  // namespace rhumb::gateway
