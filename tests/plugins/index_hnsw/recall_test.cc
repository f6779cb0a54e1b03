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
    hnsw = std::make_unique<Index>("hnsw", column, R"({"m":16,"ef_construct":100})");
    flat = std::make_unique<Index>("flat", column);
    if (hnsw->opened() != RHUMB_OK || hnsw->build(4) != RHUMB_OK || flat->build() != RHUMB_OK)
      throw std::runtime_error(hnsw->error());
  }
  Generator generator;
  Column column;
  std::vector<uint32_t> clusters, query_clusters;
  std::vector<std::string> queries;
  std::unique_ptr<Index> hnsw, flat;
};

World& cosine_world() {
  static World world(RHUMB_COSINE, RHUMB_F32, kRows, 21);
  return world;
}

TEST(Recall, cosine_recall_without_a_filter_is_high) {
  World& w = cosine_world();
  uint64_t distances = 0;
  const auto found = w.hnsw->search(w.queries, {}, &distances);
  EXPECT_GE(recall(found, w.flat->search(w.queries, {})), 0.95);
  if (kSlowDown == 1) {
    EXPECT_LT(distances, uint64_t{kQueries} * kRows / 4) << "that is no walk through a graph";
  }
}

TEST(Recall, recall_grows_with_ef) {
  World& w = cosine_world();
  const auto truth = w.flat->search(w.queries, {});
  uint64_t narrow_work = 0, wide_work = 0;
  const double narrow = recall(w.hnsw->search(w.queries, {.ef = 10}, &narrow_work), truth);
  const double wide = recall(w.hnsw->search(w.queries, {.ef = 60}, &wide_work), truth);
  EXPECT_LT(narrow_work, wide_work);
  EXPECT_LT(narrow, 1.0);
  EXPECT_GE(wide, narrow);
  EXPECT_GE(wide, 0.95);
}

TEST(Recall, an_exact_search_is_exact) {
  World& w = cosine_world();
  EXPECT_EQ(w.hnsw->search(w.queries, {.flags = RHUMB_QUERY_EXACT}), w.flat->search(w.queries, {}));
}

TEST(Recall, a_query_alone_answers_as_in_a_batch) {
  World& w = cosine_world();
  const auto batch = w.hnsw->search(w.queries, {});
  for (size_t q = 0; q < 10; ++q) EXPECT_EQ(w.hnsw->search_one(w.queries[q]), batch[q]);
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
  const auto found = w.hnsw->search(w.queries, {.filter = &bits});
  EXPECT_GE(recall(found, truth), 0.95);
  for (const Hits& hits : found) {
    EXPECT_EQ(hits.size(), std::min<size_t>(10, listed.size()));
    for (const Hit& hit : hits) EXPECT_TRUE(some.has(hit.slot));
  }
  EXPECT_EQ(w.hnsw->search(w.queries, {.filter = &slots}), found);
  EXPECT_EQ(w.hnsw->search(w.queries, {.filter = &live}), found);
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
    const auto found = w.hnsw->search({&w.queries[q], 1}, {.filter = &bits}, &distances);
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
  const auto found = w.hnsw->search(w.queries, {.filter = &view});
  EXPECT_GE(recall(found, w.flat->search(w.queries, {.filter = &view})), 0.95);
  for (const Hits& hits : found) {
    EXPECT_EQ(hits.size(), 10u);
    for (const Hit& hit : hits) EXPECT_TRUE(live.has(hit.slot));
  }
}

TEST(Recall, a_view_that_ends_earlier_sees_no_later_rows) {
  World& w = cosine_world();
  const uint32_t end = w.column.rows() / 2;
  const Bits live(end, true);
  const rhumb_filter_t view = live.as_live();
  const auto found = w.hnsw->search(w.queries, {.filter = &view});
  EXPECT_GE(recall(found, w.flat->search(w.queries, {.filter = &view})), 0.95);
  for (const Hits& hits : found) {
    for (const Hit& hit : hits) EXPECT_LT(hit.slot, end);
  }
}

class Kinds : public ::testing::TestWithParam<std::tuple<uint32_t, uint32_t>> {};
TEST_P(Kinds, recall_of_every_metric_and_scalar_type_is_high) {
  const auto [metric, scalar] = GetParam();
  World w(metric, scalar, 8000 / kSlowDown, 22);
  // The inner product of vectors of any length is not a metric. A graph needs a wider search for
  // it, and finds less.
  const bool dot = metric == RHUMB_DOT;
  uint64_t distances = 0;
  const auto found = w.hnsw->search(w.queries, {.ef = dot ? 160u : 64u}, &distances);
  EXPECT_GE(recall(found, w.flat->search(w.queries, {})), dot ? 0.92 : 0.95);
  if (kSlowDown == 1) {
    EXPECT_LT(distances, uint64_t{kQueries} * w.column.rows()) << "scanned";
  }
}
INSTANTIATE_TEST_SUITE_P(Recall, Kinds,
                         ::testing::Combine(::testing::Values(RHUMB_COSINE, RHUMB_DOT, RHUMB_EUCLID,
                                                              RHUMB_MANHATTAN),
                                            ::testing::Values(RHUMB_F32, RHUMB_F16, RHUMB_U8)));

}  // namespace
}  // namespace rhumb::index_test
