#include "host/http/rest/parse/parse_query.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "host/base/limits.h"
#include "host/gateway/vector_bits.h"
#include "host/http/rest/parse/check_shape.h"
#include "host/http/rest/parse/parse_filter.h"
#include "host/http/rest/parse/parse_select.h"
#include "host/http/rest/parse/parse_vector.h"
#include "host/http/rest/parse/wide_numbers.h"

namespace rhumb::http::rest {
namespace {

using base::Result;
using base::Status;
namespace limits = base::limits;

// Members of `query` that ask for something other than the nearest points.
constexpr std::pair<std::string_view, std::string_view> kUnserved[] = {
    {"recommend", "recommend query"},
    {"discover", "discover query"},
    {"context", "context query"},
    {"order_by", "order_by query"},
    {"fusion", "fusion query"},
    {"rrf", "rrf query"},
    {"formula", "formula query"},
    {"sample", "sample query"},
    {"relevance_feedback", "relevance feedback query"},
    {"text", "text query"}};

constexpr double kMaxOversampling = 1e6;  // more than any breadth (ef) can use

// Answers always carry exact distances. The client chooses how many candidates are compared
// exactly: as many as requested, a multiple of that, or all that the walk over the codes found.
Status parse_quantization(const Element& e, const std::string& where, float& oversampling) {
  RHUMB_ASSIGN(const Object object, as_object(e, where));
  bool ignore = false, rescore = true;
  for (const auto& [name, target] : {std::pair{"ignore", &ignore}, {"rescore", &rescore}}) {
    if (const auto value = member(object, name)) {
      RHUMB_ASSIGN(*target, as_bool(*value, at(where, name)));
    }
  }
  if (const auto value = member(object, "oversampling")) {
    RHUMB_ASSIGN(const double factor, as_number(*value, at(where, "oversampling")));
    if (!(factor >= 1.0)) return out_of_range(at(where, "oversampling"), "at least 1.0");
    oversampling = static_cast<float>(std::min(factor, kMaxOversampling));
  }
  if (!rescore) oversampling = 1;
  if (ignore) oversampling = std::numeric_limits<float>::infinity();
  return base::ok();
}

Status parse_params(const Element& e, const std::string& where, model::SearchParams& out) {
  RHUMB_ASSIGN(const Object object, as_object(e, where));
  if (const auto ef = member(object, "hnsw_ef")) {
    RHUMB_ASSIGN(const uint64_t n, as_unsigned(*ef, at(where, "hnsw_ef"), 1, limits::kMaxEf));
    out.ef = static_cast<uint32_t>(n);
  }
  for (const auto& [name, target] : {std::pair{"exact", &out.exact},
                                     {"indexed_only", &out.indexed_only},
                                     {"explain", &out.explain}}) {
    if (const auto value = member(object, name)) {
      RHUMB_ASSIGN(*target, as_bool(*value, at(where, name)));
    }
  }
  if (const auto setting = member(object, "quantization"))
    RHUMB_TRY(parse_quantization(*setting, at(where, "quantization"), out.oversampling));
  if (member(object, "idf"))
    return base::unsupported("idf of sparse vectors (" + at(where, "idf") + ")");
  return base::ok();
}

// Parses the members that all forms of a query share: filter, params, limit, offset, threshold and
// selectors.
Status parse_common(const Object& body, const std::string& where, gateway::Query& out) {
  RHUMB_TRY(refuse_shard_key(body, where));
  if (member(body, "lookup_from"))
    return base::unsupported("lookup_from (" + at(where, "lookup_from") + ")");
  if (const auto filter = member(body, "filter")) {
    RHUMB_ASSIGN(out.search.filter, parse_filter(*filter, at(where, "filter")));
  }
  if (const auto params = member(body, "params"))
    RHUMB_TRY(parse_params(*params, at(where, "params"), out.search.params));
  auto limit = member(body, "limit");
  if (!limit) limit = member(body, "top");
  if (limit) {
    RHUMB_ASSIGN(const uint64_t n, as_unsigned(*limit, at(where, "limit"), 1, UINT64_MAX));
    out.search.limit = static_cast<uint32_t>(std::min<uint64_t>(n, limits::kMaxLimit));
  }
  if (const auto offset = member(body, "offset")) {
    RHUMB_ASSIGN(const uint64_t n, as_unsigned(*offset, at(where, "offset"), 0, UINT64_MAX));
    out.offset = static_cast<uint32_t>(std::min<uint64_t>(n, limits::kMaxLimit));
  }
  if (const auto threshold = member(body, "score_threshold")) {
    RHUMB_ASSIGN(const double value, as_number(*threshold, at(where, "score_threshold")));
    out.search.score_threshold = static_cast<float>(value);
  }
  RHUMB_ASSIGN(out.search.with_payload, parse_with_payload(body, where, false));
  RHUMB_ASSIGN(out.search.with_vector, parse_with_vector(body, where));
  return base::ok();
}

// Parses a vector or an id, as `query` or as `query.nearest`.
Status parse_nearest(const Element& e, const model::VectorParams& params, const std::string& where,
                     gateway::Query& out) {
  if (e.is_number() || (e.is_string() && !is_wide_numbers(e))) {
    RHUMB_ASSIGN(out.like_id, parse_id(e, where));
    return base::ok();
  }
  RHUMB_ASSIGN(out.search.vector, parse_vector(e, params, where));
  return base::ok();
}

Status parse_query_member(const Element& e, const model::VectorParams& params,
                          const std::string& where, gateway::Query& out) {
  if (!e.is_object()) return parse_nearest(e, params, where, out);
  const Object object(e);
  if (const auto form = unserved_form(object); !form.empty())
    return base::unsupported(std::string(form) + " (" + where + ")");
  for (const auto& [name, feature] : kUnserved) {
    if (member(object, name)) return base::unsupported(std::string(feature) + " (" + where + ")");
  }
  const auto nearest = member(object, "nearest");
  if (!nearest && !member(object, "vector_b64"))
    return format_error(where,
                        "a query that is an object needs `nearest` or another variant of a query");
  if (!nearest) return parse_nearest(e, params, where, out);
  if (member(object, "mmr")) return base::unsupported("mmr (" + at(where, "mmr") + ")");
  return parse_nearest(*nearest, params, at(where, "nearest"), out);
}

bool holds_something(const std::optional<Element>& e) {
  return e && !(e->is_array() && Array(*e).size() == 0);
}

Result<gateway::Query> query(const Element& e, const model::CollectionConfig& config,
                             const std::string& where) {
  RHUMB_ASSIGN(const Object body, as_object(e, where));
  gateway::Query out;
  RHUMB_TRY(parse_common(body, where, out));
  const auto asked = member(body, "query");
  if (holds_something(member(body, "prefetch"))) {
    if (!asked)
      return base::invalid(
          "A query is needed to merge the prefetches. Can't have prefetches without defining a "
          "query.");
    return base::unsupported("prefetch (" + at(where, "prefetch") + ")");
  }
  if (!asked) {
    if (out.search.score_threshold)
      return base::invalid("A query is required to use score_threshold (" +
                           at(where, "score_threshold") + ")");
    out.by_id_order = true;
    return out;
  }
  if (const auto name = member(body, "using")) {
    RHUMB_ASSIGN(const auto text, as_string(*name, at(where, "using")));
    out.search.vector_name = std::string(text);
  }
  // A query that asks for no vector gets its error before the vector's name is looked up.
  static const model::VectorParams kNone;
  if (asked->is_object() && !member(Object(*asked), "nearest") &&
      !member(Object(*asked), "vector_b64")) {
    RHUMB_TRY(parse_query_member(*asked, kNone, at(where, "query"), out));
  }
  RHUMB_ASSIGN(const auto* params,
               gateway::vector_params(config, out.search.vector_name, at(where, "using")));
  RHUMB_TRY(parse_query_member(*asked, *params, at(where, "query"), out));
  return out;
}

// Parses {"vector": [..] | {"name": .., "vector": [..]}, ...}.
Result<gateway::Query> search(const Element& e, const model::CollectionConfig& config,
                              const std::string& where) {
  RHUMB_ASSIGN(const Object body, as_object(e, where));
  gateway::Query out;
  RHUMB_TRY(parse_common(body, where, out));
  auto vector = member(body, "vector");
  if (!vector) return format_error(where, "missing field `vector`");
  if (vector->is_object()) {
    const Object named(*vector);
    if (const auto name = member(named, "name")) {
      RHUMB_ASSIGN(const auto text, as_string(*name, at(where, "vector.name")));
      out.search.vector_name = std::string(text);
      vector = member(named, "vector");
      if (!vector) return format_error(at(where, "vector"), "missing field `vector`");
    }
  }
  RHUMB_ASSIGN(const auto* params,
               gateway::vector_params(config, out.search.vector_name, at(where, "vector")));
  if (holds_rows(*vector))
    return format_error(at(where, "vector"),
                        "points/search takes one row; points/query takes several");
  RHUMB_ASSIGN(out.search.vector, parse_vector(*vector, *params, at(where, "vector")));
  return out;
}

template <typename ParseOne>
Result<std::vector<gateway::Query>> batch(const Element& e, const model::CollectionConfig& config,
                                          ParseOne parse_one) {
  RHUMB_ASSIGN(const Object body, as_object(e, ""));
  const auto list = member(body, "searches");
  if (!list) return format_error("", "missing field `searches`");
  RHUMB_ASSIGN(const Array array, as_array(*list, "searches"));
  if (array.size() > limits::kMaxBatchQueries) {
    return out_of_range("searches", std::to_string(array.size()) + " queries, at most " +
                                        std::to_string(limits::kMaxBatchQueries));
  }
  std::vector<gateway::Query> out;
  for (const Element item : array) {
    RHUMB_ASSIGN(auto one, parse_one(item, config, at("searches", out.size())));
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

Result<gateway::Query> parse_query(const std::string& body, const model::CollectionConfig& config,
                                   IgnoredMembers* ignored) {
  return parse_with_wide_numbers(
      body, checked(kQueryBody, ignored, [&](const Element& e) { return query(e, config, ""); }));
}
Result<std::vector<gateway::Query>> parse_query_batch(const std::string& body,
                                                      const model::CollectionConfig& config,
                                                      IgnoredMembers* ignored) {
  return parse_with_wide_numbers(body, checked(kQueryBatchBody, ignored, [&](const Element& e) {
                                   return batch(e, config, query);
                                 }));
}
Result<gateway::Query> parse_search(const std::string& body, const model::CollectionConfig& config,
                                    IgnoredMembers* ignored) {
  return parse_with_wide_numbers(
      body, checked(kSearchBody, ignored, [&](const Element& e) { return search(e, config, ""); }));
}
Result<std::vector<gateway::Query>> parse_search_batch(const std::string& body,
                                                       const model::CollectionConfig& config,
                                                       IgnoredMembers* ignored) {
  return parse_with_wide_numbers(body, checked(kSearchBatchBody, ignored, [&](const Element& e) {
                                   return batch(e, config, search);
                                 }));
}

}  // namespace rhumb::http::rest
