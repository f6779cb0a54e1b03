// Queries: the vectors of queries by id are looked up first, queries in the order of ids become
// scrolls, and the rest goes to the shards as one search.
#include <algorithm>

#include "host/base/limits.h"
#include "host/gateway/cluster_gateway.h"

namespace rhumb::gateway {
namespace {

using base::Result;
using model::VectorSelector;

// The shards are asked for the points before the offset, too.
uint32_t depth(const Query& query) {
  constexpr uint32_t kMax = base::limits::kMaxLimit;
  return std::min(query.search.limit, kMax) + std::min(query.offset, kMax);
}

void drop_offset(std::vector<model::Record>& points, uint32_t offset) {
  points.erase(points.begin(),
               points.begin() + static_cast<ptrdiff_t>(std::min<size_t>(offset, points.size())));
}

}  // namespace

// All queries of one call on their way. Each step runs alone, in the callback of the step before.
struct ClusterGateway::QueryRun : std::enable_shared_from_this<QueryRun> {
  ClusterGateway& gateway;
  const CollectionPtr collection;
  std::vector<Query> queries;
  const ReadOptions options;
  const Callback<std::vector<model::SearchResult>> done;
  std::vector<model::SearchResult> results;  // parallel to queries

  QueryRun(ClusterGateway& g, CollectionPtr c, std::vector<Query> q, ReadOptions o,
           Callback<std::vector<model::SearchResult>> d)
      : gateway(g),
        collection(std::move(c)),
        queries(std::move(q)),
        options(std::move(o)),
        done(std::move(d)),
        results(queries.size()) {}

  void look_up(size_t i);
  void take_vector(Query& query, std::vector<model::Record> records, size_t next);
  void scroll_next(size_t i);
  void search();
};

// Fetches the vectors of the queries from i on that name a point, then goes on to the scrolls.
void ClusterGateway::QueryRun::look_up(size_t i) {
  while (i < queries.size() && !queries[i].like_id) ++i;
  if (i == queries.size()) return scroll_next(0);
  const Query& query = queries[i];
  model::GetRequest request{
      {*query.like_id}, {}, {VectorSelector::Mode::kNames, {query.search.vector_name}}};
  gateway.get(collection, std::move(request), options,
              [self = shared_from_this(), i](Result<std::vector<model::Record>> records) {
                if (!records.ok()) return self->done(records.status());
                self->take_vector(self->queries[i], std::move(*records), i + 1);
              });
}

void ClusterGateway::QueryRun::take_vector(Query& query, std::vector<model::Record> records,
                                           size_t next) {
  const std::string id = query.like_id->to_text();
  if (records.empty()) return done(base::not_found("Point with id " + id + " does not exists!"));
  if (records.front().vectors.empty()) {
    return done(
        base::invalid("Point with id " + id + " has no vector `" + query.search.vector_name + "`"));
  }
  query.search.vector = std::move(records.front().vectors.front().bytes);
  if (!query.search.filter) query.search.filter.emplace();
  model::HasId itself;
  itself.ids.push_back(*query.like_id);
  query.search.filter->must_not.push_back({"", std::move(itself)});
  look_up(next);
}

void ClusterGateway::QueryRun::scroll_next(size_t i) {
  while (i < queries.size() && !queries[i].by_id_order) ++i;
  if (i == queries.size()) return search();
  Query& query = queries[i];
  model::ScrollRequest request;
  request.limit = depth(query);
  request.filter = std::move(query.search.filter);
  request.with_payload = std::move(query.search.with_payload);
  request.with_vector = std::move(query.search.with_vector);
  gateway.scroll(collection, std::move(request), options,
                 [self = shared_from_this(), i](Result<ScrollPage> page) {
                   if (!page.ok()) return self->done(page.status());
                   const Query& asked = self->queries[i];
                   // A scroll would continue after its page, but a query has no next page.
                   if (page->next && page->points.size() < depth(asked))
                     return self->done(model::too_large());
                   drop_offset(page->points, asked.offset);
                   for (model::Record& point : page->points) point.score = 1.0f;
                   self->results[i].points = std::move(page->points);
                   self->scroll_next(i + 1);
                 });
}

void ClusterGateway::QueryRun::search() {
  std::vector<model::SearchRequest> requests;
  std::vector<size_t> of;  // parallel to requests
  for (size_t i = 0; i < queries.size(); ++i) {
    if (queries[i].by_id_order) continue;
    const uint32_t limit = depth(queries[i]);
    requests.push_back(std::move(queries[i].search));
    requests.back().limit = limit;
    of.push_back(i);
  }
  if (requests.empty()) return done(std::move(results));
  gateway.search(collection, std::move(requests), options,
                 [self = shared_from_this(),
                  of = std::move(of)](Result<std::vector<model::SearchResult>> found) {
                   if (!found.ok()) return self->done(found.status());
                   for (size_t n = 0; n < of.size(); ++n) {
                     drop_offset((*found)[n].points, self->queries[of[n]].offset);
                     self->results[of[n]] = std::move((*found)[n]);
                   }
                   self->done(std::move(self->results));
                 });
}

void ClusterGateway::query(CollectionPtr collection, std::vector<Query> queries,
                           ReadOptions options, Callback<std::vector<model::SearchResult>> done) {
  if (const base::Status status = check(queries, collection->config); !status.ok())
    return done(status);
  std::make_shared<QueryRun>(*this, std::move(collection), std::move(queries), std::move(options),
                             std::move(done))
      ->look_up(0);
}

}  // namespace rhumb::gateway
