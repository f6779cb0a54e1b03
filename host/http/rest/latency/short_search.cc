#include "host/http/rest/latency/short_search.h"

namespace rhumb::http::rest {
namespace {

constexpr uint32_t kShortEf = 256, kShortHits = 100;
constexpr size_t kShortConditions = 8, kShortValues = 64;

bool plain(const model::Condition& condition) {
  if (const auto* match = std::get_if<model::MatchAny>(&condition.test))
    return match->values.size() <= kShortValues;
  return std::holds_alternative<model::Range>(condition.test) ||
         std::holds_alternative<model::DatetimeRange>(condition.test);
}

bool served_by_indexes(const model::Filter& filter, const model::CollectionConfig& config,
                       std::string& kind) {
  if (filter.min_should_set ||
      filter.must.size() + filter.should.size() + filter.must_not.size() > kShortConditions)
    return false;
  for (const auto* clause : {&filter.must, &filter.should, &filter.must_not}) {
    kind += '\0';
    for (const model::Condition& condition : *clause) {
      if (!plain(condition) || !config.payload_indexes.contains(condition.key)) return false;
      kind.append(condition.key).append(1, '\n');
    }
  }
  return true;
}

}  // namespace

std::optional<std::string> short_search_kind(const gateway::Query& query,
                                             const model::CollectionConfig& config) {
  const model::SearchRequest& s = query.search;
  if (query.like_id || query.by_id_order || s.params.exact || s.params.oversampling != 0 ||
      s.params.ef > kShortEf)
    return std::nullopt;
  if (s.limit + query.offset > kShortHits ||
      s.with_vector.mode != model::VectorSelector::Mode::kNone)
    return std::nullopt;
  const auto vector = config.vectors.find(s.vector_name);
  // The cost of a multivector search depends on the number of its rows.
  if (vector != config.vectors.end() && vector->second.multivector) return std::nullopt;
  std::string kind = s.vector_name;
  if (s.filter && !served_by_indexes(*s.filter, config, kind)) return std::nullopt;
  return kind;
}

}  // namespace rhumb::http::rest
