// Indexes that are small, empty or unusual, and calls that are cut short.
#include <atomic>

#include "tests/plugins/index/graph_engines.h"

namespace rhumb::index_test {
namespace {

class Edge : public WithEngine {};

TEST_P(Edge, an_index_of_no_or_one_point_answers) {
  Generator generator(16, 31);
  Column column(RHUMB_EUCLID, RHUMB_F32, 16);
  Index index(id(), column);
  ASSERT_EQ(index.opened(), RHUMB_OK) << index.error();
  const std::string query = column.query(generator.next());
  EXPECT_TRUE(index.search_one(query).empty());
  ASSERT_EQ(index.build(), RHUMB_OK);
  EXPECT_TRUE(index.search_one(query).empty());
  column.fill(generator, 1);
  ASSERT_EQ(index.insert(0, 1), RHUMB_OK);
  EXPECT_EQ(index.search_one(query).size(), 1u);
  EXPECT_EQ(index.search_one(query, {.k = 0}).size(), 0u);
  EXPECT_EQ(index.stats()["rows"], 1);
}

TEST_P(Edge, asking_for_more_than_there_are_returns_all) {
  Generator generator(16, 32);
  Column column(RHUMB_EUCLID, RHUMB_F32, 16);
  column.fill(generator, 6000 / kFewer);
  Index index(id(), column, R"({"m":4,"ef_construct":10})");
  ASSERT_EQ(index.build(), RHUMB_OK);
  const std::string query = column.query(generator.next());
  EXPECT_EQ(index.search_one(query, {.k = 100'000}).size(), column.rows());
  const Hits hits = index.search_one(query, {.k = 1000 / kFewer});
  EXPECT_EQ(hits.size(), 1000 / kFewer);
  EXPECT_TRUE(std::is_sorted(hits.begin(), hits.end(),
                             [](const Hit& a, const Hit& b) { return a.distance < b.distance; }));
}

// Clusters of equal points cut a graph to pieces. The scan finds the points that no walk reaches.
TEST_P(Edge, equal_points_are_all_found) {
  Column column(RHUMB_EUCLID, RHUMB_F32, 4);
  for (int i = 0; i < 3000; ++i) column.add({static_cast<float>(i % 3), 0, 0, 0});
  Index index(id(), column, R"({"m":2,"ef_construct":4})");
  ASSERT_EQ(index.build(2), RHUMB_OK);
  Bits ones(column.rows());
  for (uint32_t s = 1; s < column.rows(); s += 3) ones.set(s);
  const rhumb_filter_t filter = ones.as_bits();
  for (const uint32_t k : {1u, 10u, 200u, 1000u, 3000u}) {
    const Hits hits =
        index.search_one(column.query({1, 0, 0, 0}), {.k = k, .ef = 4, .filter = &filter});
    ASSERT_EQ(hits.size(), std::min(k, 1000u));
    for (const Hit& hit : hits) EXPECT_EQ(hit.distance, 0.0f);
  }
}

TEST_P(Edge, an_index_of_dead_rows_returns_nothing) {
  Generator generator(16, 33);
  Column column(RHUMB_EUCLID, RHUMB_F32, 16);
  column.fill(generator, 9000 / kFewer);
  Index index(id(), column, R"({"ef_construct":20})");
  ASSERT_EQ(index.build(2), RHUMB_OK);
  Bits live(column.rows());
  const rhumb_filter_t none = live.as_live();
  const std::string query = column.query(generator.next());
  EXPECT_TRUE(index.search_one(query, {.filter = &none}).empty());
  live.set(17);
  const rhumb_filter_t one = live.as_live();
  const Hits hits = index.search_one(query, {.filter = &one});
  ASSERT_EQ(hits.size(), 1u);
  EXPECT_EQ(hits[0].slot, 17u);
}

// Most rows have no vector, but the filter counts all rows.
TEST_P(Edge, rows_without_the_vector_are_not_found) {
  Generator generator(16, 34);
  Column column(RHUMB_EUCLID, RHUMB_F32, 16);
  column.fill(generator, 12'000 / kFewer);
  Bits present(column.rows());
  for (uint32_t s = 0; s < column.rows(); s += 5) present.set(s);
  column.raw().present = present.words();
  Index index(id(), column, R"({"m":4,"ef_construct":8})");
  ASSERT_EQ(index.build(2), RHUMB_OK);
  EXPECT_EQ(index.stats()["rows"], present.count());
  EXPECT_EQ(index.stats()["built_through"], column.rows());
  const Bits all(column.rows(), true);
  const rhumb_filter_t view = all.as_live();
  for (const uint32_t k : {10u, 100'000u}) {
    const Hits hits = index.search_one(column.query(generator.next()), {.k = k, .filter = &view});
    EXPECT_EQ(hits.size(), std::min<uint64_t>(k, present.count()));
    for (const Hit& hit : hits) EXPECT_TRUE(present.has(hit.slot));
  }
}

TEST_P(Edge, dead_slots_are_not_built_into_the_graph) {
  Generator generator(16, 35);
  Column column(RHUMB_EUCLID, RHUMB_F32, 16);
  column.fill(generator, 4000);
  Bits live(column.rows(), true);
  for (uint32_t s = 0; s < 4000; s += 2) live.clear(s);
  Index index(id(), column);
  ASSERT_EQ(index.build(2, live.words()), RHUMB_OK);
  EXPECT_EQ(index.stats()["rows"], 2000);
  EXPECT_EQ(index.stats()["built_through"], 4000);
}

TEST_P(Edge, not_a_number_and_infinity_do_no_harm) {
  Generator generator(16, 36);
  Column column(RHUMB_EUCLID, RHUMB_F32, 16);
  column.fill(generator, 500);
  column.add(std::vector<float>(16, std::numeric_limits<float>::quiet_NaN()));
  column.add(std::vector<float>(16, std::numeric_limits<float>::infinity()));
  column.fill(generator, 500);
  Index index(id(), column, R"({"m":2,"ef_construct":4})");
  ASSERT_EQ(index.build(2), RHUMB_OK);
  const Hits hits = index.search_one(column.query(generator.next()), {.k = 1000});
  ASSERT_EQ(hits.size(), 1000u);
  for (const Hit& hit : hits) EXPECT_TRUE(std::isfinite(hit.distance));
}

TEST_P(Edge, cancelled_and_late_calls_end) {
  Generator generator(64, 38);
  Column column(RHUMB_EUCLID, RHUMB_F32, 64);
  column.fill(generator, 2000);
  Index index(id(), column);
  rhumb_call_t call{};
  call.struct_size = sizeof call;
  call.deadline_ns = 1;
  EXPECT_EQ(index.insert(0, 2000, &call), RHUMB_TIMEOUT);
  // Cancels in the middle of the work, when the engine checks for the third time.
  std::atomic<int> asked{0};
  call.deadline_ns = 0;
  call.cancel_ctx = &asked;
  call.cancelled = [](void* ctx) -> uint32_t {
    return ++*static_cast<std::atomic<int>*>(ctx) >= 3 ? 1 : 0;
  };
  EXPECT_EQ(index.insert(0, 2000, &call), RHUMB_CANCELLED);
  EXPECT_LT(index.stats()["rows"], 2000);
  ASSERT_EQ(index.insert(0, 2000), RHUMB_OK);
  EXPECT_EQ(index.stats()["rows"], 2000);
}

// The host is told how much memory an instance has, and all of it is given back.
TEST_P(Edge, memory_is_reported_to_the_host) {
  const uint64_t before = registry().memory_bytes();
  {
    Generator generator(16, 39);
    Column column(RHUMB_EUCLID, RHUMB_F32, 16);
    column.fill(generator, 2000);
    Index index(id(), column);
    ASSERT_EQ(index.build(2), RHUMB_OK);
    EXPECT_GE(registry().memory_bytes(), before + 2000 * 32 * 4);
  }
  EXPECT_EQ(registry().memory_bytes(), before);
}

TEST_P(Edge, an_invalid_parameter_is_named) {
  Column column(RHUMB_EUCLID, RHUMB_F32, 16);
  for (const auto& [config, word] : {std::pair{R"({"m":1})", "m:"},
                                     {R"({"m":"16"})", "m:"},
                                     {R"({"m":16.5})", "m:"},
                                     {R"({"ef_construct":3})", "ef_construct:"},
                                     {R"({"mm":16})", "mm"},
                                     {R"([16])", "object"},
                                     {"{", "object"}}) {
    Index index(id(), column, config);
    EXPECT_EQ(index.opened(), RHUMB_INVALID) << config;
    EXPECT_NE(index.error().find(word), std::string::npos) << index.error();
  }
  EXPECT_EQ(Index(id(), column, R"({"m":2,"ef_construct":65536})").opened(), RHUMB_OK);
}

TEST_P(Edge, the_engine_describes_its_parameters) {
  Buffer buffer;
  ASSERT_EQ(engine(id()).ops->describe(nullptr, buffer.out()), RHUMB_OK);
  const auto described = nlohmann::json::parse(buffer.view());
  EXPECT_EQ(described["parameters"]["properties"]["m"]["default"], 16);
  EXPECT_EQ(described["parameters"]["properties"]["ef_construct"]["minimum"], 4);
}

INSTANTIATE_TEST_SUITE_P(Engines, Edge, ::testing::ValuesIn(kGraphEngines), name_of_engine);

}  // namespace
}  // namespace rhumb::index_test
