// What this engine promises about recall beyond the other engines with a graph.
#include "tests/plugins/index/graph_engines.h"

namespace rhumb::index_test {
namespace {

World& cosine_world() { return World::of("rhumb"); }

// If few slots are dead, one pool for dead and live nodes is enough, unless the dead ones are those
// around the query.
TEST(Recall, few_dead_slots_keep_the_recall_and_are_never_found) {
  World& w = cosine_world();
  Bits live(w.column.rows(), true);
  for (uint32_t s = 0; s < w.column.rows(); s += 60) live.clear(s);
  const rhumb_filter_t scattered = live.as_live();
  const auto found = w.graph->search(w.queries, {.ef = 60, .filter = &scattered});
  EXPECT_GE(recall(found, w.flat->search(w.queries, {.filter = &scattered})), 0.95);
  for (const Hits& hits : found) {
    EXPECT_EQ(hits.size(), 10u);
    for (const Hit& hit : hits) EXPECT_TRUE(live.has(hit.slot));
  }
  double around_dead = 0;
  constexpr size_t kAsked = 20;
  for (size_t q = 0; q < kAsked; ++q) {
    Bits others(w.column.rows(), true);
    for (const Hit& hit : w.flat->search_one(w.queries[q], {.k = w.column.rows() / 50}))
      others.clear(hit.slot);
    const rhumb_filter_t around = others.as_live();
    const auto far = w.graph->search({&w.queries[q], 1}, {.ef = 60, .filter = &around});
    EXPECT_EQ(far[0].size(), 10u);
    around_dead += recall(far, w.flat->search({&w.queries[q], 1}, {.filter = &around})) / kAsked;
    for (const Hit& hit : far[0]) EXPECT_TRUE(others.has(hit.slot));
  }
  EXPECT_GE(around_dead, 0.9);
}

TEST(Recall, oversampling_sets_how_many_are_compared_exactly) {
  World& w = cosine_world();
  if (kSlowDown != 1) {  // so few rows are scanned instead
    EXPECT_EQ(w.graph->search_one(w.queries[0], {.ef = 100, .oversampling = 3}).size(), 10u);
    return;
  }
  const auto compared = [&](float oversampling) {
    uint64_t distances = 0;
    w.graph->search({&w.queries[0], 1}, {.ef = 100, .oversampling = oversampling}, &distances);
    return distances;
  };
  EXPECT_EQ(compared(1), 10u);
  EXPECT_EQ(compared(3), 30u);
  EXPECT_EQ(compared(std::numeric_limits<float>::infinity()), 100u);
  EXPECT_GT(compared(0), 10u);
}

TEST(Recall, the_recall_asked_for_decides_the_ef) {
  World& w = cosine_world();
  const auto cost = [&](const Ask& ask) {
    uint64_t codes = 0;
    w.graph->search(w.queries, ask, nullptr, &codes);
    return codes;
  };
  EXPECT_LT(cost({.recall = 0.9f}), cost({.recall = 0.999f}));
  EXPECT_LT(cost({.recall = 0.9f}), cost({.recall = 0.9f, .widen = 3}));
  EXPECT_EQ(cost({.ef = 50}), cost({.ef = 50, .recall = 0.999f, .widen = 5}))
      << "who names a breadth gets it";
}

// Searches that name no ef reach the recall that was asked for, also for queries from outside the
// data, and a lower recall costs less.
TEST(Recall, recall_is_as_asked) {
  Generator generator(World::kDim, 23, 400, 48);
  Column column(RHUMB_EUCLID, RHUMB_F32, World::kDim);
  column.fill(generator, std::max(4000u, 20'000 / kSlowDown));
  const auto queries = column.queries(generator, World::kQueries);
  Index flat("flat", column);
  ASSERT_EQ(flat.build(), RHUMB_OK);
  const auto truth = flat.search(queries, {});
  uint64_t before = 0;
  for (const double asked : {0.8, 0.95, 0.99}) {
    Index index("rhumb", column,
                R"({"m":8,"ef_construct":60,"recall":)" + std::to_string(asked) + "}");
    ASSERT_EQ(index.build(2), RHUMB_OK) << index.error();
    const auto calibration = index.stats()["calibration"];
    ASSERT_EQ(calibration.size(), 12u);
    for (size_t i = 1; i < calibration.size(); ++i)
      EXPECT_GE(calibration[i][1], calibration[i - 1][1]);
    uint64_t work = 0;
    const double found = recall(index.search(queries, {}, &work), truth);
    std::printf("asked %.2f, found %.4f\n", asked, found);
    EXPECT_GE(found, asked - 0.03);
    EXPECT_GE(work, before);
    before = work;
  }
}

}  // namespace
}  // namespace rhumb::index_test
