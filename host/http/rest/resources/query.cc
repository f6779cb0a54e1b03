// Serves points/query and points/search. Queries by id become queries by vector first, and queries
// without a query become scrolls. The rest goes to the shards as one search.
#include "host/http/rest/resources/query.h"

#include <thread>

#include "host/http/rest/latency/search_latency.h"
#include "host/http/rest/latency/short_search.h"
#include "host/http/rest/parse/parse_query.h"
#include "host/http/rest/reply/json_write.h"

namespace rhumb::http::rest::points {
namespace {

using base::Result;
using base::Status;
using model::PayloadSelector;
using model::VectorSelector;

enum class Form { kQuery, kQueryBatch, kSearch, kSearchBatch };

// All queries of one request on their way. Each step runs alone, in the callback of the step
// before.
struct Run : std::enable_shared_from_this<Run> {
  CallPtr x;
  Form form;
  gateway::CollectionPtr collection;
  gateway::ReadOptions options;
  std::vector<ParsedQuery> queries;
  std::vector<std::string> answers;  // JSON of the points of each query
  std::string plans;                 // JSON of `explain`, for all queries that asked for it
  // Set for a query that looks short. It receives the duration, unless the search waited.
  SearchLatencies::Latency* latency = nullptr;
  uint64_t parsed_ns = 0;
  std::optional<Stopwatch> watch;  // measures the search on one thread
  std::thread::id thread;

  void go(const Stopwatch& begun) {
    if (latency != nullptr) watch = begun;
    thread = std::this_thread::get_id();
    look_up(0);
  }
  void look_up(size_t i);
  void scroll_next(size_t i);
  void search();
  void finish();
  RecordShape shape(const ParsedQuery& q, bool score) const {
    return {score, q.search.with_payload.mode != PayloadSelector::Mode::kNone,
            q.search.with_vector.mode != VectorSelector::Mode::kNone, &collection->config};
  }
};

// Fetches the vectors of the queries from i on that name a point, then goes on to the scrolls.
void Run::look_up(size_t i) {
  while (i < queries.size() && !queries[i].like_id) ++i;
  if (i == queries.size()) return scroll_next(0);
  ParsedQuery& q = queries[i];
  model::GetRequest get{{*q.like_id}, {}, {VectorSelector::Mode::kNames, {q.search.vector_name}}};
  x->gateway().get(
      collection, std::move(get), options,
      [self = shared_from_this(), i](Result<std::vector<model::Record>> records) {
        if (!records.ok()) return self->x->fail(records.status());
        ParsedQuery& like = self->queries[i];
        const std::string id = like.like_id->to_text();
        if (records->empty())
          return self->x->fail(base::not_found("Point with id " + id + " does not exists!"));
        if (records->front().vectors.empty()) {
          return self->x->fail(base::invalid("Point with id " + id + " has no vector `" +
                                             like.search.vector_name + "`"));
        }
        like.search.vector = std::move(records->front().vectors.front().bytes);
        if (!like.search.filter) like.search.filter.emplace();
        model::HasId itself;
        itself.ids.push_back(*like.like_id);
        like.search.filter->must_not.push_back({"", std::move(itself)});
        self->look_up(i + 1);
      });
}

// Answers queries without a query with points in the order of their ids. No distance was computed,
// so all have the same score.
void Run::scroll_next(size_t i) {
  while (i < queries.size() && !queries[i].by_id_order) ++i;
  if (i == queries.size()) return search();
  ParsedQuery& q = queries[i];
  model::ScrollRequest request;
  request.limit = q.search.limit + q.offset;
  request.filter = std::move(q.search.filter);
  request.with_payload = q.search.with_payload;
  request.with_vector = q.search.with_vector;
  x->gateway().scroll(
      collection, std::move(request), options,
      [self = shared_from_this(), i](Result<gateway::ScrollPage> page) {
        if (!page.ok()) return self->x->fail(page.status());
        const ParsedQuery& query = self->queries[i];
        auto& points = page->points;
        if (page->next && points.size() < uint64_t{query.search.limit} + query.offset) {
          // A scroll would continue after its page, but this answer has no place for a next page.
          return self->x->fail(model::too_large());
        }
        points.erase(points.begin(), points.begin() + static_cast<ptrdiff_t>(std::min<size_t>(
                                                          query.offset, points.size())));
        for (model::Record& point : points) point.score = 1.0f;
        self->answers[i] = records_json(points, self->shape(query, true));
        self->scroll_next(i + 1);
      });
}

void Run::search() {
  std::vector<model::SearchRequest> requests;
  std::vector<size_t> of;
  for (size_t i = 0; i < queries.size(); ++i) {
    if (queries[i].by_id_order) continue;
    model::SearchRequest request = std::move(queries[i].search);
    // The shape of the answer still needs this.
    queries[i].search.with_payload = request.with_payload;
    queries[i].search.with_vector = request.with_vector;
    queries[i].search.params = request.params;
    request.limit += queries[i].offset;
    requests.push_back(std::move(request));
    of.push_back(i);
  }
  if (requests.empty()) return finish();
  x->gateway().search(
      collection, std::move(requests), options,
      [self = shared_from_this(), of](Result<std::vector<model::SearchResult>> results) {
        if (!results.ok()) return self->x->fail(results.status());
        for (size_t n = 0; n < of.size(); ++n) {
          const ParsedQuery& q = self->queries[of[n]];
          auto& points = (*results)[n].points;
          points.erase(points.begin(), points.begin() + static_cast<ptrdiff_t>(std::min<size_t>(
                                                            q.offset, points.size())));
          self->answers[of[n]] = records_json(points, self->shape(q, true));
          if (q.search.params.explain)
            self->plans += (self->plans.empty() ? "" : ",") + plan_json((*results)[n].plan);
        }
        self->finish();
      });
}

void Run::finish() {
  const bool wrapped = form == Form::kQuery || form == Form::kQueryBatch;
  std::string out;
  for (const std::string& points : answers) {
    if (!out.empty()) out += ',';
    out += wrapped ? "{\"points\":" + points + "}" : points;
  }
  if (form == Form::kQueryBatch || form == Form::kSearchBatch) out = "[" + out + "]";
  std::string members;
  if (!plans.empty())
    members = form == Form::kQuery || form == Form::kSearch ? "\"explain\":" + plans
                                                            : "\"explain\":[" + plans + "]";
  x->ok(out, members);
  if (watch && thread == std::this_thread::get_id()) latency->took(parsed_ns + watch->held_ns());
}

void run(const CallPtr& x, Form form, const gateway::CollectionPtr& collection,
         const Stopwatch& watch, Result<std::vector<ParsedQuery>> queries) {
  if (!queries.ok()) return x->fail(queries.status());
  auto options = x->read_options();
  if (!options.ok()) return x->fail(options.status());
  x->show_session(collection);
  auto r = std::make_shared<Run>();
  r->x = x;
  r->form = form;
  r->collection = collection;
  r->options = std::move(*options);
  r->queries = std::move(*queries);
  r->answers.resize(r->queries.size());
  const bool batch = form == Form::kQueryBatch || form == Form::kSearchBatch;
  if (!batch) {
    if (const auto kind = short_search_kind(r->queries[0], collection->config))
      r->latency = &x->options.latencies->of(collection->uuid, *kind);
  }
  if (!x->on_loop || (r->latency != nullptr && r->latency->is_short())) return r->go(watch);
  run_on_pool(x, [r, parsed_ns = watch.held_ns()] {
    r->parsed_ns = parsed_ns;  // The wait for a thread does not count as search.
    r->go(Stopwatch());
  });
}

Result<std::vector<ParsedQuery>> as_list(Result<ParsedQuery> one) {
  if (!one.ok()) return one.status();
  std::vector<ParsedQuery> list;
  list.push_back(std::move(*one));
  return list;
}

template <typename Parse>
void start(const CallPtr& x, Form form, Parse parse) {
  auto collection = x->collection();
  if (!collection.ok()) return x->fail(collection.status());
  const Stopwatch watch;
  IgnoredMembers ignored;
  auto queries = parse(x->request->body, (*collection)->config, &ignored);
  x->warn(ignored);
  run(x, form, *collection, watch, std::move(queries));
}

}  // namespace

void query(const CallPtr& x) {
  start(x, Form::kQuery,
        [](const std::string& body, const model::CollectionConfig& c, IgnoredMembers* i) {
          return as_list(parse_query(body, c, i));
        });
}
void query_batch(const CallPtr& x) { start(x, Form::kQueryBatch, parse_query_batch); }
void search(const CallPtr& x) {
  start(x, Form::kSearch,
        [](const std::string& body, const model::CollectionConfig& c, IgnoredMembers* i) {
          return as_list(parse_search(body, c, i));
        });
}
void search_batch(const CallPtr& x) { start(x, Form::kSearchBatch, parse_search_batch); }

}  // namespace rhumb::http::rest::points
