#include "host/query/merge.h"

#include <algorithm>
#include <iterator>

namespace rhumb::query {
namespace {

template <typename Part>
void append(std::vector<Part>& all, std::vector<Part>& part) {
  all.insert(all.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
}

template <typename Less>
void keep_first(std::vector<model::Record>& all, uint32_t limit, Less less) {
  const size_t keep = std::min<size_t>(limit, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<ptrdiff_t>(keep), all.end(), less);
  all.resize(keep);
}

}  // namespace

model::SearchResult merge(model::Distance distance, uint32_t limit,
                          std::vector<model::SearchResult> parts) {
  model::SearchResult out;
  if (parts.size() == 1) {
    out = std::move(parts[0]);
    if (out.points.size() > limit) out.points.resize(limit);
    return out;
  }
  for (model::SearchResult& part : parts) {
    append(out.points, part.points);
    append(out.plan, part.plan);
  }
  keep_first(out.points, limit, [distance](const model::Record& a, const model::Record& b) {
    const uint32_t x = place_of_score(distance, a.score), y = place_of_score(distance, b.score);
    return x != y ? x < y : a.id < b.id;
  });
  return out;
}

std::vector<model::Record> merge_by_id(uint32_t limit,
                                       std::vector<std::vector<model::Record>> parts) {
  std::vector<model::Record> out;
  for (auto& part : parts) append(out, part);
  keep_first(out, limit,
             [](const model::Record& a, const model::Record& b) { return a.id < b.id; });
  return out;
}

}  // namespace rhumb::query
