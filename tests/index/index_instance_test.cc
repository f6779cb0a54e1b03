#include "host/index/index_instance.h"

#include <gtest/gtest.h>

#include "host/base/limits.h"
#include "tests/plugins/index_fixture.h"

namespace rhumb::index {
namespace {

using base::Code;
using index_test::Bits;
using index_test::Column;
using index_test::Generator;
using index_test::TempDir;

OpenRequest request(const Column& column, std::string data_dir = "") {
  return {.distance = static_cast<model::Distance>(column.metric()),
          .vectors = column.raw(),
          .capacity_hint = 0,
          .config_json = "{}",
          .data_dir = std::move(data_dir)};
}

// The request borrows the query's bytes.
SearchRequest ask(std::string_view query, uint32_t k) {
  return {.queries = query.data(), .stride = query.size(), .k = k};
}

class Engines : public ::testing::TestWithParam<const char*> {
 protected:
  std::unique_ptr<IndexInstance> open(const Column& column, std::string data_dir = "") {
    auto opened =
        IndexInstance::open(index_test::engine(GetParam()), request(column, std::move(data_dir)));
    EXPECT_TRUE(opened.ok()) << opened.status().message();
    return std::move(*opened);
  }
};

TEST_P(Engines, an_index_is_built_extended_searched_saved_and_loaded) {
  Generator generator(16, 61);
  Column column(RHUMB_EUCLID, RHUMB_F32, 16);
  column.fill(generator, 800);
  const auto index = open(column);
  EXPECT_TRUE(index->can_insert());
  std::atomic<uint64_t> told{0};
  BuildRequest build{
      .slot_end = 500, .threads = 2, .progress = [&](uint64_t, uint64_t total) { told = total; }};
  ASSERT_TRUE(index->build(build).ok());
  EXPECT_EQ(told, 500u);
  ASSERT_TRUE(index->insert(500, 800).ok());

  // A point finds itself, and two queries at once answer as one by one.
  const std::string_view three(column.row(3), 64);
  const std::string twice = std::string(three) + std::string(column.row(700), 64);
  SearchRequest both = ask(twice, 5);
  both.query_count = 2;
  both.stride = 64;
  const auto result = index->search(both);
  ASSERT_TRUE(result.ok()) << result.status().message();
  ASSERT_EQ(result->hits.size(), 2u);
  EXPECT_EQ(result->hits[0].size(), 5u);
  EXPECT_EQ(result->hits[0][0], (SearchResult::Hit{3, 0}));
  EXPECT_EQ(result->hits[1][0], (SearchResult::Hit{700, 0}));
  EXPECT_GT(result->exact_distances, 0u);
  EXPECT_FALSE(result->approximate_scores);

  Bits live(800, true);
  live.clear(3);
  const rhumb_filter_t view = live.as_live();
  SearchRequest filtered = ask(three, 800);
  filtered.filter = &view;
  filtered.params.exact = true;
  const auto rest = index->search(filtered);
  ASSERT_TRUE(rest.ok());
  EXPECT_EQ(rest->hits[0].size(), 799u);

  const auto stats = index->stats();
  ASSERT_TRUE(stats.ok());
  EXPECT_EQ(stats->rows, 800u);
  EXPECT_EQ(stats->built_through, 800u);
  EXPECT_GT(stats->bytes_resident, 0u);

  const TempDir temp;
  const std::string dir = temp.fresh();
  ASSERT_TRUE(index->save(dir).ok());
  const auto loaded = open(column, dir);
  EXPECT_EQ(loaded->stats()->built_through, 800u);
  EXPECT_EQ(loaded->search(ask(three, 5))->hits[0], result->hits[0]);
}

TEST_P(Engines, an_error_says_what_failed) {
  Generator generator(16, 62);
  Column column(RHUMB_EUCLID, RHUMB_F32, 16);
  column.fill(generator, 300);
  OpenRequest wrong = request(column);
  wrong.config_json = R"({"depth":3})";
  const auto refused = IndexInstance::open(index_test::engine(GetParam()), wrong);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), Code::kInvalid);
  EXPECT_EQ(refused.status().message(),
            "index " + std::string(GetParam()) + ": config: unknown parameter depth");

  const TempDir temp;
  const auto gone =
      IndexInstance::open(index_test::engine(GetParam()), request(column, temp.fresh()));
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.status().code(), Code::kCorrupt) << "no file to load";

  const auto index = open(column);
  std::atomic<bool> cancelled{true};
  EXPECT_EQ(index->build({.slot_end = 300, .cancelled = &cancelled}).code(), Code::kCancelled);
  EXPECT_EQ(index->insert(0, 300, &cancelled).code(), Code::kCancelled);
  ASSERT_TRUE(index->insert(0, 300).ok());
  SearchRequest late = ask({column.row(0), 64}, 3);
  late.deadline = {1};
  EXPECT_EQ(index->search(late).status().code(), Code::kTimeout);
  EXPECT_EQ(index->save(temp.fresh() + "/not-there").code(), Code::kIo);
  EXPECT_FALSE(index->fenced()) << "the index in memory is sound";
  EXPECT_TRUE(index->search(ask({column.row(0), 64}, 3)).ok());
}

INSTANTIATE_TEST_SUITE_P(Index, Engines, ::testing::Values("flat", "hnsw"));

// An engine that misbehaves, written against the C table as a third party would do.
struct Rogue {
  rhumb_status_t answer = RHUMB_OK;
  uint32_t count = 0;
  std::string stats = "[]";
};
Rogue g_rogue;

rhumb_index_ops_t rogue_table() {
  rhumb_index_ops_t ops{};
  ops.struct_size = sizeof ops;
  ops.open = [](const rhumb_host_t*, const rhumb_index_open_t*, rhumb_index_t** out,
                rhumb_error_t*) -> rhumb_status_t {
    *out = reinterpret_cast<rhumb_index_t*>(&g_rogue);
    return RHUMB_OK;
  };
  ops.close = [](rhumb_index_t*) {};
  ops.search = [](rhumb_index_t*, const rhumb_call_t*, const rhumb_query_t*, rhumb_hits_t* out,
                  rhumb_error_t* error) -> rhumb_status_t {
    out->counts[0] = g_rogue.count;
    return fail(error, g_rogue.answer, g_rogue.answer == RHUMB_OK ? "" : "lost my way");
  };
  ops.stats = [](rhumb_index_t*, rhumb_buffer_t* out) -> rhumb_status_t {
    *out = buffer(g_rogue.stats);
    return RHUMB_OK;
  };
  return ops;
}

TEST(Fencing, an_engine_that_cannot_be_trusted_is_not_called_again) {
  const rhumb_index_ops_t ops = rogue_table();
  const plugin::Engine<rhumb_index_ops_t> engine{&ops, nullptr, "rogue", "1"};
  const Column column(RHUMB_EUCLID, RHUMB_F32, 4);
  const std::string query(16, '\0');
  for (const rhumb_status_t status :
       std::vector<rhumb_status_t>{RHUMB_CORRUPT, RHUMB_IO, RHUMB_BUG, 200, -7}) {
    g_rogue = {};
    const auto index = IndexInstance::open(engine, request(column)).value();
    EXPECT_TRUE(index->search(ask(query, 2)).ok());
    g_rogue.answer = RHUMB_BUSY;
    EXPECT_FALSE(index->search(ask(query, 2)).ok());
    EXPECT_FALSE(index->fenced()) << "may be tried again";
    g_rogue.answer = status;
    EXPECT_EQ(index->search(ask(query, 2)).status().message(), "index rogue: search: lost my way");
    EXPECT_TRUE(index->fenced());
    g_rogue.answer = RHUMB_OK;
    EXPECT_EQ(index->search(ask(query, 2)).status().code(), Code::kUnavailable);
    EXPECT_EQ(index->insert(0, 1).code(), Code::kUnavailable);
  }
}

// Users see an engine's statistics, so only sensible values are shown, and not too many.
TEST(Stats, an_engines_statistics_are_read) {
  const rhumb_index_ops_t ops = rogue_table();
  const plugin::Engine<rhumb_index_ops_t> engine{&ops, nullptr, "rogue", "1"};
  const Column column(RHUMB_EUCLID, RHUMB_F32, 4);
  g_rogue = {};
  const auto index = IndexInstance::open(engine, request(column)).value();
  const auto stats = [&](const std::string& json) {
    g_rogue.stats = json;
    const auto known = index->stats();
    EXPECT_TRUE(known.ok()) << known.status().message();
    return known.value();
  };
  IndexStats known = stats(
      R"({"rows":7,"built_through":9,"codes":"4bit","measured":{"recall":0.993,"queries":128,"ef":48},"why":"w","renew":"r",
      "warning":"x","doubtful":5,"clipped_rows":6})");
  EXPECT_EQ(known.rows, 7u);
  EXPECT_EQ(known.codes, "4bit");
  ASSERT_TRUE(known.measured);
  EXPECT_EQ(known.measured->recall, 0.993);
  EXPECT_EQ(known.measured->queries, 128u);
  EXPECT_EQ(known.measured->ef, 48u);
  EXPECT_EQ(known.why + known.renew + known.warning, "wrx");
  EXPECT_EQ(known.doubtful + known.clipped_rows, 11u);

  known = stats(R"({"codes":8,"why":null,"renew":true,"doubtful":-1})");
  EXPECT_EQ(known.codes + known.why + known.renew, "");
  EXPECT_EQ(known.doubtful, 0u);
  for (const char* measured : {"3", "{}", R"({"recall":1.5,"queries":3})",
                               R"({"recall":"x","queries":3})", R"({"recall":0.5,"queries":0})"})
    EXPECT_FALSE(stats(R"({"measured":)" + std::string(measured) + "}").measured) << measured;
  std::string longer = "x";
  for (int i = 0; i < 1000; ++i) longer += "\u00e9";
  EXPECT_EQ(stats(R"({"renew":")" + longer + "\"}").renew.size(),
            base::limits::kMaxEngineTextBytes - 1)
      << "characters stay whole";
}

TEST(Fencing, an_answer_with_more_hits_than_asked_for_is_refused) {
  const rhumb_index_ops_t ops = rogue_table();
  const plugin::Engine<rhumb_index_ops_t> engine{&ops, nullptr, "rogue", "1"};
  const Column column(RHUMB_EUCLID, RHUMB_F32, 4);
  const std::string query(16, '\0');
  g_rogue = {.answer = RHUMB_OK, .count = 3};
  const auto index = IndexInstance::open(engine, request(column)).value();
  EXPECT_EQ(index->insert(0, 1).code(), Code::kUnsupported);
  EXPECT_EQ(index->stats().status().code(), Code::kInternal);
  EXPECT_EQ(index->search(ask(query, 2)).status().code(), Code::kInternal);
  EXPECT_TRUE(index->fenced());
}

}  // namespace
}  // namespace rhumb::index
