// Bodies of points/query and points/search.
#include <gtest/gtest.h>

#include <limits>

#include "host/http/rest/parse/parse_query.h"
#include "tests/http/rest/expect.h"

namespace rhumb::http::rest {
namespace {

base::Result<gateway::Query> query(const std::string& body) {
  return parse_query(body, single_vector());
}
base::Result<gateway::Query> named_query(const std::string& body) {
  return parse_query(body, named_vectors());
}
base::Result<gateway::Query> search(const std::string& body) {
  return parse_search(body, single_vector());
}
base::Result<std::vector<gateway::Query>> queries(const std::string& body) {
  return parse_query_batch(body, single_vector());
}

TEST(ParseQueryTest, a_query_by_vector_is_read_in_all_its_forms) {
  for (
      const char* body :
      {R"({"query":[0,0,2,0]})", R"({"query":{"nearest":[0,0,2,0]}})",
       R"({"query":{"vector_b64":"AAAAAAAAAAAAAABAAAAAAA=="}})",
       R"({"query":{"nearest":{"vector_b64":"AAAAAAAAAAAAAABAAAAAAA=="}}})",
       R"({"query":[0,0,2,0],"using":"","prefetch":[]})",
       R"({"query":[0,0,2,0],"using":null,"prefetch":null,"filter":null,"limit":null,"params":null})"}) {
    const auto parsed = query(body);
    ASSERT_TRUE(parsed.ok()) << body << "\n" << parsed.status().message();
    EXPECT_EQ(parsed->search.vector, std::string("\0\0\0\0\0\0\0\0\0\0\x80\x3f\0\0\0\0", 16))
        << body << ": normalised like a stored one";
    EXPECT_FALSE(parsed->like_id || parsed->by_id_order);
    EXPECT_EQ(parsed->search.limit, 10u);
    EXPECT_EQ(parsed->offset, 0u);
    EXPECT_EQ(parsed->search.with_payload.mode, model::PayloadSelector::Mode::kNone)
        << "of hits only the ids come by themselves";
  }
}

TEST(ParseQueryTest, a_query_by_point_and_a_request_without_a_query_are_read) {
  for (const char* body : {R"({"query":7})", R"({"query":{"nearest":7}})"}) {
    const auto parsed = query(body);
    ASSERT_TRUE(parsed.ok()) << parsed.status().message();
    EXPECT_EQ(*parsed->like_id, model::PointId::number(7));
    EXPECT_TRUE(parsed->search.vector.empty());
  }
  EXPECT_EQ(query(R"({"query":"gimp"})")->like_id->to_text(), "gimp");
  const auto scroll = query(R"({"limit":3,"offset":2,"filter":{"must":[]}})");
  ASSERT_TRUE(scroll.ok()) << scroll.status().message();
  EXPECT_TRUE(scroll->by_id_order);
  EXPECT_EQ(scroll->search.limit, 3u);
  EXPECT_EQ(scroll->offset, 2u);
  EXPECT_TRUE(scroll->search.filter);
}

TEST(ParseQueryTest, the_other_members_of_a_query_are_read) {
  const auto parsed = named_query(
      R"({"query":[1,2],"using":"code","limit":100000,"offset":100000,"score_threshold":-0.5,
      "filter":{"must":[{"key":"a","is_null":true}]},"with_payload":{"exclude":["x"]},"with_vector":["text"],
      "params":{"hnsw_ef":65536,"exact":true,"indexed_only":true,"explain":true,"quantization":{"ignore":true,"rescore":false,"oversampling":1.0}}})");
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_EQ(parsed->search.vector_name, "code");
  EXPECT_EQ(parsed->search.vector, "\x01\x02");
  EXPECT_EQ(parsed->search.limit, 100000u);
  EXPECT_EQ(parsed->offset, 100000u);
  EXPECT_EQ(parsed->search.score_threshold, -0.5f);
  EXPECT_EQ(parsed->search.filter->must.size(), 1u);
  EXPECT_EQ(parsed->search.with_payload.mode, model::PayloadSelector::Mode::kExclude);
  EXPECT_EQ(parsed->search.with_vector.names, std::vector<std::string>{"text"});
  EXPECT_EQ(parsed->search.params.ef, 65536u);
  EXPECT_TRUE(parsed->search.params.exact && parsed->search.params.indexed_only &&
              parsed->search.params.explain);
}

TEST(ParseQueryTest, quantization_sets_how_many_candidates_are_compared_exactly) {
  const std::pair<const char*, float> cases[] = {
      {"{}", 0},
      {R"({"rescore":true})", 0},
      {R"({"oversampling":2.5})", 2.5f},
      {R"({"oversampling":1e300})", 1e6f},
      {R"({"rescore":false})", 1},
      {R"({"rescore":false,"oversampling":4})", 1},
      {R"({"ignore":true})", std::numeric_limits<float>::infinity()}};
  for (const auto& [quantization, oversampling] : cases) {
    const auto parsed = named_query(R"({"query":[1,2],"using":"code","params":{"quantization":)" +
                                    std::string(quantization) + "}}");
    ASSERT_TRUE(parsed.ok()) << parsed.status().message();
    EXPECT_EQ(parsed->search.params.oversampling, oversampling) << quantization;
  }
}

TEST(ParseQueryTest, invalid_members_are_named) {
  const auto with = [](const std::string& members) {
    return R"({"query":[1,0,0,0],)" + members + "}";
  };
  expect_refused(
      {
          {"[]", Code::kMalformedBody, "expected an object, got an array"},
          {R"({"query":true})", Code::kMalformedBody, "query: expected an array, got a boolean"},
          {R"({"query":[1,2,3]})", Code::kInvalid,
           "Vector dimension error: expected dim: 4, got 3 (query)"},
          {R"({"query":{"nearest":[1]}})", Code::kInvalid,
           "expected dim: 4, got 1 (query.nearest)"},
          {R"({"query":-7})", Code::kMalformedBody, "query: a point id is"},
          {R"({"query":"7"})", Code::kInvalid, "query: point id \"7\" is a number in quotes"},
          {R"({"query":{}})", Code::kMalformedBody,
           "query: a query that is an object needs `nearest` or another variant"},
          {R"({"query":{"nearest":null}})", Code::kMalformedBody,
           "query: a query that is an object needs `nearest`"},
          {R"({"query":{"explode":1}})", Code::kMalformedBody,
           "query: unknown field `explode`, expected one of nearest"},
          {with(R"("using":"text")"), Code::kInvalid,
           "Not existing vector name error: text (using)"},
          {with(R"("using":7)"), Code::kMalformedBody, "using: expected a string"},
          {with(R"("limit":0)"), Code::kUnprocessable, "limit: 0 is not from 1 to"},
          {with(R"("limit":1.5)"), Code::kMalformedBody,
           "limit: expected a whole number from 1 to"},
          {with(R"("offset":-1)"), Code::kMalformedBody, "offset: expected a whole number from 0"},
          {with(R"("score_threshold":"x")"), Code::kMalformedBody,
           "score_threshold: expected a number, got a string"},
          {with(R"("filter":[])"), Code::kMalformedBody, "filter: expected an object"},
          {with(R"("params":[])"), Code::kMalformedBody, "params: expected an object"},
          {with(R"("params":{"hnsw_ef":0})"), Code::kUnprocessable,
           "params.hnsw_ef: 0 is not from 1 to 65536"},
          {with(R"("params":{"exact":"yes"})"), Code::kMalformedBody,
           "params.exact: expected true or false"},
          {with(R"("params":{"quantization":{"oversampling":0.5}})"), Code::kUnprocessable,
           "params.quantization.oversampling: at least 1.0"},
          {with(R"("params":{"quantization":{"rescore":1}})"), Code::kMalformedBody,
           "params.quantization.rescore: expected true or false"},
          {with(R"("with_payload":7)"), Code::kMalformedBody, "with_payload: expected an object"},
          {R"({"score_threshold":0.5})", Code::kInvalid,
           "A query is required to use score_threshold"},
          {R"({"prefetch":[{"query":[1,0,0,0]}]})", Code::kInvalid,
           "A query is needed to merge the prefetches"},
      },
      query);
}

TEST(ParseQueryTest, features_that_are_not_served_yet_are_refused_by_name) {
  for (const char* name : {"recommend", "discover", "context", "order_by", "fusion", "rrf",
                           "formula", "sample", "relevance_feedback"}) {
    // The error is not about a vector of that name.
    const auto parsed = named_query(std::string(R"({"query":{")") + name + "\":{}}}");
    ASSERT_FALSE(parsed.ok()) << name;
    EXPECT_EQ(parsed.status().code(), Code::kUnsupported) << name;
    EXPECT_NE(parsed.status().message().find(std::string(name).substr(0, 5)), std::string::npos)
        << parsed.status().message();
  }
  expect_refused(
      {{R"({"query":{"nearest":[1,0,0,0],"mmr":{}}})", Code::kUnsupported, "mmr (query.mmr)"},
       {R"({"query":[1,0,0,0],"prefetch":{"query":[1,0,0,0]}})", Code::kUnsupported,
        "prefetch (prefetch)"},
       {R"({"query":[1,0,0,0],"shard_key":"a"})", Code::kUnsupported,
        "custom sharding (shard_key)"},
       {R"({"query":7,"lookup_from":{"collection":"x"}})", Code::kUnsupported,
        "lookup_from (lookup_from)"},
       {R"({"query":[1,0,0,0],"params":{"idf":1}})", Code::kUnsupported, "idf"},
       {R"({"query":[[1,0,0,0]]})", Code::kInvalid,
        "Conversion between multi and regular vectors failed (query)"},
       {R"({"query":{"indices":[1],"values":[1]}})", Code::kUnsupported, "sparse vectors (query)"},
       {R"({"query":{"nearest":{"text":"a","model":"m"}}})", Code::kUnsupported,
        "inference (query.nearest)"}},
      query);
}

TEST(ParseQueryTest, a_limit_or_offset_beyond_the_largest_size_means_everything) {
  for (const char* body : {R"({"query":[1,0,0,0],"limit":4000000000,"offset":9000000000})",
                           R"({"limit":18446744073709551615,"offset":18446744073709551615})"}) {
    const auto parsed = query(body);
    ASSERT_TRUE(parsed.ok()) << parsed.status().message();
    EXPECT_EQ(parsed->search.limit, limits::kMaxLimit);
    EXPECT_EQ(parsed->offset, limits::kMaxLimit);
  }
  const auto exact = query(R"({"query":[1,0,0,0],"limit":150000,"offset":1500000})");
  ASSERT_TRUE(exact.ok()) << exact.status().message();
  EXPECT_EQ(exact->search.limit, 150'000u);
  EXPECT_EQ(exact->offset, 1'500'000u);
}

TEST(ParseSearchTest, a_search_takes_bare_and_named_vectors) {
  const auto bare = search(R"({"vector":[0,0,2,0],"top":5,"with_payload":true})");
  ASSERT_TRUE(bare.ok()) << bare.status().message();
  EXPECT_EQ(bare->search.limit, 5u) << "top is what limit was called";
  EXPECT_EQ(bare->search.with_payload.mode, model::PayloadSelector::Mode::kAll);
  const auto named =
      parse_search(R"({"vector":{"name":"code","vector":[1,2]},"limit":5})", named_vectors());
  ASSERT_TRUE(named.ok()) << named.status().message();
  EXPECT_EQ(named->search.vector_name, "code");
  EXPECT_EQ(named->search.vector, "\x01\x02");
  expect_refused(
      {{"{}", Code::kMalformedBody, "missing field `vector`"},
       {R"({"vector":[1]})", Code::kInvalid, "expected dim: 4, got 1 (vector)"},
       {R"({"vector":{"name":""}})", Code::kMalformedBody, "vector: missing field `vector`"},
       {R"({"vector":{"name":7,"vector":[1]}})", Code::kMalformedBody,
        "vector.name: expected a string"},
       {R"({"vector":{"name":"nope","vector":[1]}})", Code::kInvalid,
        "Not existing vector name error: nope"},
       {R"({"vector":{"name":"","vector":{"indices":[1],"values":[1]}}})", Code::kUnsupported,
        "sparse vectors"}},
      search);
}

TEST(ParseQueryBatchTest, errors_in_a_batch_name_the_place) {
  const auto parsed = queries(R"({"searches":[{"query":[1,0,0,0],"limit":1},{"query":7},{}]})");
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  ASSERT_EQ(parsed->size(), 3u);
  EXPECT_EQ(parsed->at(0).search.limit, 1u);
  EXPECT_TRUE(parsed->at(1).like_id);
  EXPECT_TRUE(parsed->at(2).by_id_order);
  EXPECT_EQ(parse_search_batch(R"({"searches":[{"vector":[1,0,0,0]},{"vector":[1,0,0,0]}]})",
                               single_vector())
                ->size(),
            2u);
  EXPECT_EQ(queries("{\"searches\":[" + repeated("{}", limits::kMaxBatchQueries) + "]}")->size(),
            limits::kMaxBatchQueries);
  expect_refused(
      {{"{}", Code::kMalformedBody, "missing field `searches`"},
       {R"({"searches":{}})", Code::kMalformedBody, "searches: expected an array"},
       {R"({"searches":[{},7]})", Code::kMalformedBody, "searches[1]: expected an object"},
       {R"({"searches":[{},{"query":[1]}]})", Code::kInvalid, "(searches[1].query)"},
       {R"({"searches":[{"limit":0}]})", Code::kUnprocessable, "searches[0].limit: 0"},
       {"{\"searches\":[" + repeated("{}", limits::kMaxBatchQueries + 1) + "]}",
        Code::kUnprocessable, "searches: 1025 queries, at most 1024"}},
      queries);
}

}  // namespace
}  // namespace rhumb::http::rest
