// The hits of a search are compared with those of the exact engine, on clustered data with queries
// from outside the data.
#include "tests/plugins/index/graph_engines.h"

namespace rhumb::index_test {
namespace {

class Recall : public WithEngine {
 protected:
  World& w = World::of(id());
};

TEST_P(Recall, cosine_recall_without_a_filter_is_high) {
  uint64_t distances = 0;
  const auto found = w.graph->search(w.queries, {}, &distances);
  EXPECT_GE(recall(found, w.flat->search(w.queries, {})), 0.95);
  if (kSlowDown == 1) {
    EXPECT_LT(distances, uint64_t{World::kQueries} * World::kRows / 4)
        << "that is no walk through a graph";
  }
}

TEST_P(Recall, recall_grows_with_ef) {
  const auto truth = w.flat->search(w.queries, {});
  uint64_t narrow_work = 0, wide_work = 0;
  const double narrow = recall(w.graph->search(w.queries, {.ef = 10}, &narrow_work), truth);
  const double wide = recall(w.graph->search(w.queries, {.ef = 60}, &wide_work), truth);
  EXPECT_LT(narrow_work, wide_work);
  EXPECT_LT(narrow, 1.0);
  EXPECT_GE(wide, narrow);
  EXPECT_GE(wide, 0.95);
}

TEST_P(Recall, an_exact_search_is_exact) {
  EXPECT_EQ(w.graph->search(w.queries, {.flags = RHUMB_QUERY_EXACT}),
            w.flat->search(w.queries, {}));
}

TEST_P(Recall, a_query_alone_answers_as_in_a_batch) {
  const auto batch = w.graph->search(w.queries, {});
  for (size_t q = 0; q < 10; ++q) EXPECT_EQ(w.graph->search_one(w.queries[q]), batch[q]);
}

// Random filters given as bits, as a list and as live bits must give the same hits, and as many as
// there can be.
class Share : public ::testing::TestWithParam<std::tuple<GraphEngine, double>> {};
TEST_P(Share, recall_under_a_random_filter_is_high) {
  const auto [engine, share] = GetParam();
  World& w = World::of(engine.id);
  Bits some(w.column.rows());
  std::mt19937_64 random(24);
  std::bernoulli_distribution pass(share);
  for (uint32_t s = 0; s < w.column.rows(); ++s) {
    if (pass(random)) some.set(s);
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
INSTANTIATE_TEST_SUITE_P(Engines, Share,
                         ::testing::Combine(::testing::ValuesIn(kGraphEngines),
                                            ::testing::Values(0.5, 0.3, 0.1, 0.01, 0.001, 0.0)));

// Filters that are correlated with the clusters: they pass the query's own cluster, or everything
// but the query's own cluster and similar ones.
class Correlated : public ::testing::TestWithParam<std::tuple<GraphEngine, bool, uint32_t>> {};
TEST_P(Correlated, recall_under_a_correlated_filter_is_high) {
  const auto [engine, own_passes, every] = GetParam();
  World& w = World::of(engine.id);
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
INSTANTIATE_TEST_SUITE_P(Engines, Correlated,
                         ::testing::Combine(::testing::ValuesIn(kGraphEngines), ::testing::Bool(),
                                            ::testing::Values(2u, 10u)));

TEST_P(Recall, dead_slots_are_walked_through_but_never_found) {
  Bits live(w.column.rows(), true);
  std::mt19937_64 random(25);
  for (uint32_t s = 0; s < w.column.rows(); ++s) {
    if (random() % 10 < 4) live.clear(s);
  }
  const rhumb_filter_t view = live.as_live();
  const auto found = w.graph->search(w.queries, {.filter = &view});
  EXPECT_GE(recall(found, w.flat->search(w.queries, {.filter = &view})), 0.95);
  for (const Hits& hits : found) {
    EXPECT_EQ(hits.size(), 10u);
    for (const Hit& hit : hits) EXPECT_TRUE(live.has(hit.slot));
  }
}

TEST_P(Recall, a_view_that_ends_earlier_sees_no_later_rows) {
  const uint32_t end = w.column.rows() / 2;
  const Bits live(end, true);
  const rhumb_filter_t view = live.as_live();
  const auto found = w.graph->search(w.queries, {.filter = &view});
  EXPECT_GE(recall(found, w.flat->search(w.queries, {.filter = &view})), 0.95);
  for (const Hits& hits : found) {
    for (const Hit& hit : hits) EXPECT_LT(hit.slot, end);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, Recall, ::testing::ValuesIn(kGraphEngines), name_of_engine);

class Kinds : public ::testing::TestWithParam<std::tuple<GraphEngine, uint32_t, uint32_t>> {};
TEST_P(Kinds, recall_of_every_metric_and_scalar_type_is_high) {
  const auto [engine, metric, scalar] = GetParam();
  World w(engine.id, metric, scalar, std::max(2000u, 8000 / kSlowDown), 22);
  // The inner product of vectors of any length is not a metric. A graph needs a wider search for
  // it, and finds less.
  const bool dot = metric == RHUMB_DOT;
  uint64_t distances = 0;
  const auto found = w.graph->search(w.queries, {.ef = dot ? 160u : 64u}, &distances);
  EXPECT_GE(recall(found, w.flat->search(w.queries, {})), dot ? 0.92 : 0.95);
  if (kSlowDown == 1) {
    EXPECT_LT(distances, uint64_t{World::kQueries} * w.column.rows()) << "scanned";
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, Kinds,
                         ::testing::Combine(::testing::ValuesIn(kGraphEngines),
                                            ::testing::Values(RHUMB_COSINE, RHUMB_DOT, RHUMB_EUCLID,
                                                              RHUMB_MANHATTAN),
                                            ::testing::Values(RHUMB_F32, RHUMB_F16, RHUMB_U8)));

}  // namespace
}  // namespace rhumb::index_test
