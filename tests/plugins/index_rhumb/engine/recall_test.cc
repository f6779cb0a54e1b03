// The hits of a search are compared with those of the exact engine, on clustered data with queries
// from outside the data.
#include "tests/plugins/index_fixture.h"

namespace rhumb::index_test {
namespace {

constexpr uint32_t kRows = 20'000 / kSlowDown, kQueries = 100, kDim = 128;

// One column with both engines over it, shared by the tests of a metric and scalar type.
struct World {
  World(uint32_t metric, uint32_t scalar, uint32_t rows, uint64_t seed)
      : generator(kDim, seed), column(metric, scalar, kDim) {
    column.fill(generator, rows, &clusters);
    queries = column.queries(generator, kQueries, &query_clusters);
    graph = std::make_unique<Index>("rhumb", column, R"({"m":16,"ef_construct":100})");
    flat = std::make_unique<Index>("flat", column);
    if (graph->opened() != RHUMB_OK || graph->build(4) != RHUMB_OK || flat->build() != RHUMB_OK)
      throw std::runtime_error(graph->error());
  }
  Generator generator;
  Column column;
  std::vector<uint32_t> clusters, query_clusters;
  std::vector<std::string> queries;
  std::unique_ptr<Index> graph, flat;
};

World& cosine_world() {
  static World world(RHUMB_COSINE, RHUMB_F32, kRows, 21);
  return world;
}

TEST(Recall, cosine_recall_without_a_filter_is_high) {
  World& w = cosine_world();
  uint64_t distances = 0;
  const auto found = w.graph->search(w.queries, {}, &distances);
  EXPECT_GE(recall(found, w.flat->search(w.queries, {})), 0.95);
  if (kSlowDown == 1) {
    EXPECT_LT(distances, uint64_t{kQueries} * kRows / 4) << "that is no walk through a graph";
  }
}

TEST(Recall, recall_grows_with_ef) {
  World& w = cosine_world();
  const auto truth = w.flat->search(w.queries, {});
  uint64_t narrow_work = 0, wide_work = 0;
  const double narrow = recall(w.graph->search(w.queries, {.ef = 10}, &narrow_work), truth);
  const double wide = recall(w.graph->search(w.queries, {.ef = 60}, &wide_work), truth);
  EXPECT_LT(narrow_work, wide_work);
  EXPECT_LT(narrow, 1.0);
  EXPECT_GE(wide, narrow);
  EXPECT_GE(wide, 0.95);
}

TEST(Recall, an_exact_search_is_exact) {
  World& w = cosine_world();
  EXPECT_EQ(w.graph->search(w.queries, {.flags = RHUMB_QUERY_EXACT}),
            w.flat->search(w.queries, {}));
}

TEST(Recall, a_query_alone_answers_as_in_a_batch) {
  World& w = cosine_world();
  const auto batch = w.graph->search(w.queries, {});
  for (size_t q = 0; q < 10; ++q) EXPECT_EQ(w.graph->search_one(w.queries[q]), batch[q]);
}

// Random filters given as bits, as a list and as live bits must give the same hits, and as many as
// there can be.
class Share : public ::testing::TestWithParam<double> {};
TEST_P(Share, recall_under_a_random_filter_is_high) {
  World& w = cosine_world();
  Bits some(w.column.rows());
  std::bernoulli_distribution pass(GetParam());
  for (uint32_t s = 0; s < w.column.rows(); ++s) {
    if (pass(w.generator.random())) some.set(s);
  }
  const auto listed = some.list();
  const rhumb_filter_t bits = some.as_bits(), slots = Bits::as_slots(listed), live = some.as_live();
  const auto truth = w.flat->search(w.queries, {.filter = &bits});
  const auto found = w.graph->search(w.queries, {.filter = &bits});
  EXPECT_GE(recall(found, truth), 0.95);
  for (const Hits& hits : found) {
    EXPECT_EQ(hits.size(), std::min<size_t>(10, listed.size()));
    for (const Hit& hit : hits) EXPECT_TRUE(some.has(hit.slot));
  }
  EXPECT_EQ(w.graph->search(w.queries, {.filter = &slots}), found);
  EXPECT_EQ(w.graph->search(w.queries, {.filter = &live}), found);
}
INSTANTIATE_TEST_SUITE_P(Recall, Share, ::testing::Values(0.5, 0.3, 0.1, 0.01, 0.001, 0.0));

// Filters that are correlated with the clusters: they pass the query's own cluster, or everything
// but the query's own cluster and similar ones.
class Correlated : public ::testing::TestWithParam<std::tuple<bool, uint32_t>> {};
TEST_P(Correlated, recall_under_a_correlated_filter_is_high) {
  const auto [own_passes, every] = GetParam();
  World& w = cosine_world();
  uint64_t work = 0;
  for (size_t q = 0; q < 20; ++q) {
    Bits some(w.column.rows());
    for (uint32_t s = 0; s < w.column.rows(); ++s) {
      const bool own = w.clusters[s] % every == w.query_clusters[q] % every;
      if (own == own_passes) some.set(s);
    }
    const rhumb_filter_t bits = some.as_bits();
    uint64_t distances = 0;
    const auto found = w.graph->search({&w.queries[q], 1}, {.filter = &bits}, &distances);
    EXPECT_GE(recall(found, w.flat->search({&w.queries[q], 1}, {.filter = &bits})), 0.9)
        << "query " << q;
    EXPECT_EQ(found[0].size(), std::min<uint64_t>(10, some.count()));
    EXPECT_LE(distances, 2 * some.count() + 1000) << "the walk has to give way to the scan";
    work += distances;
  }
  EXPECT_GT(work, 0u);
}
INSTANTIATE_TEST_SUITE_P(Recall, Correlated,
                         ::testing::Combine(::testing::Bool(), ::testing::Values(2u, 10u)));

TEST(Recall, dead_slots_are_walked_through_but_never_found) {
  World& w = cosine_world();
  Bits live(w.column.rows(), true);
  for (uint32_t s = 0; s < w.column.rows(); ++s) {
    if (w.generator.random()() % 10 < 4) live.clear(s);
  }
  const rhumb_filter_t view = live.as_live();
  const auto found = w.graph->search(w.queries, {.filter = &view});
  EXPECT_GE(recall(found, w.flat->search(w.queries, {.filter = &view})), 0.95);
  for (const Hits& hits : found) {
    EXPECT_EQ(hits.size(), 10u);
    for (const Hit& hit : hits) EXPECT_TRUE(live.has(hit.slot));
  }
}

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

TEST(Recall, a_view_that_ends_earlier_sees_no_later_rows) {
  World& w = cosine_world();
  const uint32_t end = w.column.rows() / 2;
  const Bits live(end, true);
  const rhumb_filter_t view = live.as_live();
  const auto found = w.graph->search(w.queries, {.filter = &view});
  EXPECT_GE(recall(found, w.flat->search(w.queries, {.filter = &view})), 0.95);
  for (const Hits& hits : found) {
    for (const Hit& hit : hits) EXPECT_LT(hit.slot, end);
  }
}

class Kinds : public ::testing::TestWithParam<std::tuple<uint32_t, uint32_t>> {};
TEST_P(Kinds, recall_of_every_metric_and_scalar_type_is_high) {
  const auto [metric, scalar] = GetParam();
  World w(metric, scalar, std::max(2000u, 8000 / kSlowDown), 22);
  // The inner product of vectors of any length is not a metric. A graph needs a wider search for
  // it, and finds less.
  const bool dot = metric == RHUMB_DOT;
  uint64_t distances = 0;
  const auto found = w.graph->search(w.queries, {.ef = dot ? 160u : 64u}, &distances);
  EXPECT_GE(recall(found, w.flat->search(w.queries, {})), dot ? 0.92 : 0.95);
  if (kSlowDown == 1) {
    EXPECT_LT(distances, uint64_t{kQueries} * w.column.rows()) << "scanned";
  }
}
// Searches that name no ef reach the recall that was asked for, also for queries from outside the
// data, and a lower recall costs less.
TEST(Recall, recall_is_as_asked) {
  Generator generator(kDim, 23, 400, 48);
  Column column(RHUMB_EUCLID, RHUMB_F32, kDim);
  column.fill(generator, std::max(4000u, 20'000 / kSlowDown));
  const auto queries = column.queries(generator, kQueries);
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

INSTANTIATE_TEST_SUITE_P(Recall, Kinds,
                         ::testing::Combine(::testing::Values(RHUMB_COSINE, RHUMB_DOT, RHUMB_EUCLID,
                                                              RHUMB_MANHATTAN),
                                            ::testing::Values(RHUMB_F32, RHUMB_F16, RHUMB_U8)));

}  // namespace
}  // namespace rhumb::index_test
