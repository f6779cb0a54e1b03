#include "host/gateway/query.h"

#include <string>

#include "host/base/limits.h"
#include "host/gateway/filter_rules.h"

namespace rhumb::gateway {
namespace {

namespace limits = base::limits;
using base::Status;

Status too_much(const std::string& field, uint64_t value, uint64_t limit) {
  return base::unprocessable(field + ": " + std::to_string(value) + ", at most " +
                             std::to_string(limit))
      .with({.field = field, .limit = limit});
}

Status check_vector(const Query& query, const model::CollectionConfig& config,
                    const std::string& place) {
  const model::SearchRequest& search = query.search;
  const auto params = config.vectors.find(search.vector_name);
  if (params == config.vectors.end()) {
    return base::invalid("Not existing vector name error: " + search.vector_name)
        .with({.field = place + "vector_name"});
  }
  const model::VectorParams& vector = params->second;
  if (query.like_id || vector.takes(search.vector.size())) return base::ok();
  return base::invalid("Vector dimension error: expected dim: " + std::to_string(vector.size) +
                       ", got " +
                       std::to_string(search.vector.size() / model::scalar_bytes(vector.datatype)))
      .with({.field = place + "vector", .limit = vector.size});
}

Status check_one(const Query& query, const model::CollectionConfig& config,
                 const std::string& place) {
  const model::SearchRequest& search = query.search;
  if (search.limit == 0)
    return base::unprocessable(place + "limit: 0, at least 1")
        .with({.field = place + "limit", .limit = 1});
  if (search.params.ef > limits::kMaxEf)
    return too_much(place + "ef", search.params.ef, limits::kMaxEf);
  RHUMB_TRY(check(search.filter, place + "filter"));
  if (!query.by_id_order) return check_vector(query, config, place);
  if (!search.score_threshold) return base::ok();
  return base::invalid("A query is required to use score_threshold")
      .with({.field = place + "score_threshold"});
}

}  // namespace

Status check(const std::vector<Query>& queries, const model::CollectionConfig& config) {
  if (queries.size() > limits::kMaxBatchQueries)
    return too_much("queries", queries.size(), limits::kMaxBatchQueries);
  for (size_t i = 0; i < queries.size(); ++i) {
    RHUMB_TRY(check_one(queries[i], config,
                        queries.size() == 1 ? "" : "queries[" + std::to_string(i) + "]."));
  }
  return base::ok();
}

}  // namespace rhumb::gateway
