// Serves points/query and points/search.
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

// One request on its way to its answer.
struct Run : std::enable_shared_from_this<Run> {
  CallPtr x;
  Form form;
  gateway::CollectionPtr collection;
  gateway::ReadOptions options;
  std::vector<gateway::Query> queries;
  struct Shown {
    RecordShape shape;
    bool explain;
  };
  std::vector<Shown> shown;  // parallel to queries
  // Set for a query that looks short. It receives the duration, unless the search waited.
  SearchLatencies::Latency* latency = nullptr;
  uint64_t parsed_ns = 0;
  std::optional<Stopwatch> watch;  // measures the search on one thread
  std::thread::id thread;

  void show(const gateway::Query& q) {
    shown.push_back(
        {{true, q.search.with_payload.mode != PayloadSelector::Mode::kNone,
          q.search.with_vector.mode != VectorSelector::Mode::kNone, &collection->config},
         q.search.params.explain && !q.by_id_order});
  }
  void go(const Stopwatch& begun);
  void answer(std::vector<model::SearchResult> results);
};

void Run::go(const Stopwatch& begun) {
  if (latency != nullptr) watch = begun;
  thread = std::this_thread::get_id();
  for (const gateway::Query& q : queries) show(q);
  x->gateway().query(collection, std::move(queries), options,
                     [self = shared_from_this()](Result<std::vector<model::SearchResult>> results) {
                       if (!results.ok()) return self->x->fail(results.status());
                       self->answer(std::move(*results));
                     });
}

void Run::answer(std::vector<model::SearchResult> results) {
  const bool wrapped = form == Form::kQuery || form == Form::kQueryBatch;
  const bool batch = form == Form::kQueryBatch || form == Form::kSearchBatch;
  std::string out, plans;
  for (size_t i = 0; i < results.size(); ++i) {
    const std::string points = records_json(results[i].points, shown[i].shape);
    results[i].points = {};  // The text replaces the records.
    if (!out.empty()) out += ',';
    out += wrapped ? "{\"points\":" + points + "}" : points;
    if (shown[i].explain) plans += (plans.empty() ? "" : ",") + plan_json(results[i].plan);
  }
  if (batch) out = "[" + out + "]";
  std::string members;
  if (!plans.empty()) members = batch ? "\"explain\":[" + plans + "]" : "\"explain\":" + plans;
  x->ok(out, members);
  if (watch && thread == std::this_thread::get_id()) latency->took(parsed_ns + watch->held_ns());
}

void run(const CallPtr& x, Form form, const gateway::CollectionPtr& collection,
         const Stopwatch& watch, Result<std::vector<gateway::Query>> queries) {
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

Result<std::vector<gateway::Query>> as_list(Result<gateway::Query> one) {
  if (!one.ok()) return one.status();
  std::vector<gateway::Query> list;
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
