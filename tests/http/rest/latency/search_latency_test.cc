// Decides which searches are answered on the loop that parsed them, and which go to the pool.
#include <gtest/gtest.h>

#include <time.h>

#include "host/http/rest/latency/search_latency.h"
#include "host/http/rest/latency/short_search.h"
#include "host/http/rest/parse/parse_query.h"
#include "tests/http/rest/expect.h"
#include "tests/http/rest/fake_gateway.h"

namespace rhumb::http::rest {
namespace {

constexpr int kManySearches = 1000;

uint64_t cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

model::CollectionConfig with_indexes() {
  model::CollectionConfig config = single_vector();
  config.payload_indexes["colour"] = {};
  config.payload_indexes["year"] = {};
  return config;
}

void compute(uint64_t ns) {
  for (const uint64_t until = cpu_ns() + ns; cpu_ns() < until;) {}
}

TEST(Latency, a_latency_begins_slow_rises_at_once_and_falls_slowly) {
  SearchLatencies latencies;
  SearchLatencies::Latency& latency = latencies.of("books", "");
  EXPECT_FALSE(latency.is_short()) << "nothing is known yet";
  for (int i = 0; i < 100; ++i) latency.took(50'000);
  EXPECT_TRUE(latency.is_short());
  latency.took(uint64_t{10} * 1'000'000'000);
  EXPECT_FALSE(latency.is_short());
  for (int i = 0; i < 5; ++i) latency.took(50'000);
  EXPECT_FALSE(latency.is_short()) << "one slow in six";
  for (int i = 0; i < 95; ++i) latency.took(50'000);
  EXPECT_TRUE(latency.is_short());
  for (int i = 0; i < 100; ++i) latency.took(SearchLatencies::kShortNs + 10'000);
  EXPECT_FALSE(latency.is_short());
}

TEST(Latency, a_latency_is_kept_per_vector_and_collection) {
  SearchLatencies latencies;
  for (int i = 0; i < 100; ++i) latencies.of("books", "title").took(1'000);
  EXPECT_TRUE(latencies.of("books", "title").is_short());
  EXPECT_FALSE(latencies.of("books", "text").is_short());
  EXPECT_FALSE(latencies.of("films", "title").is_short());
}

std::optional<std::string> kind(const std::string& filter) {
  const model::CollectionConfig config = with_indexes();
  auto parsed = parse_query(R"({"query":[1,2,3,4],"filter":)" + filter + "}", config);
  EXPECT_TRUE(parsed.ok()) << parsed.status().message();
  return short_search_kind(*parsed, config);
}

TEST(ShortSearch, a_short_search_has_filters_that_indexes_serve) {
  const std::string colour = R"({"key":"colour","match":{"value":"red"}})",
                    year = R"({"key":"year","range":{"gte":2000}})";
  for (const std::string& filter : std::vector<std::string>{
           R"({"must":[)" + colour + "]}", R"({"must_not":[)" + year + "]}",
           R"({"must":[)" + colour + R"(],"should":[)" + year + "," + colour + "]}"}) {
    EXPECT_TRUE(kind(filter)) << filter;
  }
  EXPECT_NE(kind(R"({"must":[)" + colour + "]}"), kind(R"({"must":[)" + year + "]}"))
      << "each has its own latency";
  EXPECT_NE(kind(R"({"must":[)" + colour + "]}"), kind(R"({"must_not":[)" + colour + "]}"));
  EXPECT_EQ(kind(R"({"must":[)" + colour + "]}"),
            kind(R"({"must":[{"key":"colour","match":{"value":"blue"}}]})"));
  for (const std::string& filter : std::vector<std::string>{
           R"({"must":[{"key":"size","match":{"value":"red"}}]})", R"({"must":[{"has_id":[1]}]})",
           R"({"must":[{"must":[)" + colour + "]}]}",
           R"({"must":[{"nested":{"key":"colour","filter":{"must":[)" + colour + "]}}}]}",
           R"({"must":[{"key":"colour","is_null":true}]})",
           R"({"min_should":{"conditions":[)" + colour + R"(],"min_count":1}})",
           R"({"must":[)" + repeated(colour, 9) + "]}",
           R"({"must":[{"key":"year","match":{"any":[)" + repeated("1", 65) + "]}}]}",
           R"({"must":[{"key":"colour","match":{"except":["red"]}}]})"}) {
    EXPECT_FALSE(kind(filter)) << filter;
  }
}

class OnLoopTest : public testing::Test {
 protected:
  OnLoopTest() { rest_.turn_has_time = true; }
  bool on_loop(const std::string& body,
               const std::string& target = "/collections/books/points/query",
               const RestHarness::Fields& fields = {}) {
    rest_.gateway.searched_on = {};
    const Answer answer = rest_.ask("POST", target, body, fields);
    EXPECT_EQ(answer.response.status, 200) << answer.response.body;
    return rest_.gateway.searched_on == std::this_thread::get_id();
  }
  // Whether searches are answered on the loop after some of them were measured.
  bool settles_on_loop() {
    for (int i = 0; i < kManySearches; ++i) {
      if (on_loop(kShort)) return true;
    }
    return false;
  }
  const std::string kShort = R"({"query":[1,2,3,4],"limit":3})";
  RestHarness rest_;
};

TEST_F(OnLoopTest, searches_run_on_the_loop_once_they_were_measured_short) {
  EXPECT_FALSE(on_loop(kShort));
  ASSERT_TRUE(settles_on_loop());
  EXPECT_TRUE(on_loop(R"({"vector":[1,2,3,4],"limit":3,"with_payload":true})",
                      "/collections/books/points/search"));
  EXPECT_TRUE(on_loop(R"({"query":[1,2,3,4],"params":{"hnsw_ef":256},"offset":90})"));
}

TEST_F(OnLoopTest, nothing_that_may_take_long_runs_on_the_loop) {
  ASSERT_TRUE(settles_on_loop());
  const std::string query = R"({"query":[1,2,3,4])";
  for (const char* more :
       {R"(,"params":{"exact":true})", R"(,"params":{"hnsw_ef":257})",
        R"(,"params":{"quantization":{"oversampling":3.0}})", R"(,"limit":101)",
        R"(,"limit":50,"offset":51)", R"(,"with_vector":true)",
        R"(,"filter":{"must":[{"has_id":[1]}]})", R"(,"f\u0069lter":{"must":[{"has_id":[1]}]})"}) {
    EXPECT_FALSE(on_loop(query + more + "}")) << more;
  }
  EXPECT_FALSE(on_loop(query + std::string(70'000, ' ') + "}")) << "a large body";
  EXPECT_FALSE(
      on_loop(R"({"searches":[)" + kShort + "]}", "/collections/books/points/query/batch"));
  EXPECT_FALSE(on_loop(kShort, "/collections/books/points/query?consistency=linearizable"));
  EXPECT_TRUE(on_loop(kShort)) << "none of these says anything about the short ones";
  rest_.turn_has_time = false;
  EXPECT_FALSE(on_loop(kShort));
}

TEST_F(OnLoopTest, a_slow_search_sends_the_next_ones_to_the_pool) {
  ASSERT_TRUE(settles_on_loop());
  rest_.gateway.during_search = [] { compute(uint64_t{10} * SearchLatencies::kShortNs); };
  EXPECT_TRUE(on_loop(kShort));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(on_loop(kShort));
  rest_.gateway.during_search = nullptr;
  EXPECT_FALSE(on_loop(kShort));
  EXPECT_TRUE(settles_on_loop());
}

TEST_F(OnLoopTest, a_search_that_has_to_go_to_a_full_pool_is_refused) {
  ASSERT_TRUE(settles_on_loop());
  rest_.pool.stop();
  EXPECT_TRUE(on_loop(kShort)) << "which needs no pool";
  const Answer refused = rest_.ask("POST", "/collections/books/points/query",
                                   R"({"query":[1,2,3,4],"params":{"exact":true}})");
  EXPECT_EQ(refused.response.status, 503);
  EXPECT_NE(refused.response.body.find("too many requests are waiting"), std::string::npos);
}

}  // namespace
}  // namespace rhumb::http::rest
