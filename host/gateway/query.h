// A query as a client means it: the points nearest to a vector, the points nearest to a stored
// point, or points in the order of their ids.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/base/status.h"
#include "host/model/collection.h"
#include "host/model/id.h"
#include "host/model/query.h"

namespace rhumb::gateway {

struct Query {
  // `limit` counts the points after the offset. The vector is used unless like_id or by_id_order is
  // set.
  model::SearchRequest search;
  // The vector is that of this point, which is not in the result.
  std::optional<model::PointId> like_id;
  // There is nothing to be near to. All points have the score 1, because no distance is computed.
  bool by_id_order = false;
  uint32_t offset = 0;  // number of points to leave out at the beginning
};

// Checks all that does not depend on the stored points. The failure is kInvalid or kUnprocessable,
// names the field and has its limit as data. The fields of one query among several begin with
// "queries[i].".
base::Status check(const std::vector<Query>& queries, const model::CollectionConfig& config);

}  // namespace rhumb::gateway
