// Merges sorted partial answers. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "host/base/float_order.h"
#include "host/model/collection.h"
#include "host/model/query.h"

namespace rhumb::query {

// The place of a score among others, the best first. For cosine and dot the larger score is first,
// for euclid and manhattan the smaller one. A NaN is last.
inline uint32_t place_of_score(model::Distance distance, float score) {
  const bool larger_first =
      distance == model::Distance::kCosine || distance == model::Distance::kDot;
  return base::place_of(larger_first ? -score : score);
}
// True if a hit with score `a` comes before one with score `b`.
inline bool better(model::Distance distance, float a, float b) {
  return place_of_score(distance, a) < place_of_score(distance, b);
}
// Whether a score passes a threshold, which is a lower bound for similarities and an upper bound
// for distances.
inline bool passes(model::Distance distance, float score, float threshold) {
  return !better(distance, threshold, score);
}

// Returns the best `limit` hits of several lists, each sorted best first. Hits with equal scores
// are ordered by id, so that the answer does not depend on how the points are distributed. Plans
// are appended.
model::SearchResult merge(model::Distance distance, uint32_t limit,
                          std::vector<model::SearchResult> parts);

// Returns the first `limit` records by id of several lists, each sorted by id.
std::vector<model::Record> merge_by_id(uint32_t limit,
                                       std::vector<std::vector<model::Record>> parts);

}  // namespace rhumb::query
