// Vectors of bits: a graph over the bits themselves.
#include "tests/plugins/index_fixture.h"

namespace rhumb::index_test {
namespace {

constexpr uint32_t kBits = 500;  // the last byte and the last line of a code are not full
constexpr uint32_t kQueries = 100;

struct BitWorld {
  explicit BitWorld(uint32_t rows)
      : generator(kBits, 91), column(RHUMB_HAMMING, RHUMB_BIT, kBits), flat("flat", column) {
    column.fill(generator, rows);
    queries = column.queries(generator, kQueries);
    if (flat.build() != RHUMB_OK) throw std::runtime_error(flat.error());
  }
  Generator generator;
  Column column;
  Index flat;
  std::vector<std::string> queries;
};

TEST(Hamming, a_walk_finds_the_closest) {
  BitWorld w(16'000 / kSlowDown);
  Index index("rhumb", w.column);
  ASSERT_EQ(index.opened(), RHUMB_OK) << index.error();
  ASSERT_EQ(index.build(2), RHUMB_OK);
  const auto truth = w.flat.search(w.queries, {});
  uint64_t work = 0;
  const auto found = index.search(w.queries, {}, &work);
  EXPECT_GE(recall(found, truth), 0.95);
  EXPECT_LT(work, uint64_t{kQueries} * w.column.rows() / 20) << "scanned";
  EXPECT_GE(recall(index.search(w.queries, {.ef = 200}), truth), 0.99);
  for (const Hits& hits : found) {
    for (const Hit& hit : hits) EXPECT_EQ(hit.distance, std::floor(hit.distance));
  }
  EXPECT_EQ(index.search(w.queries, {.flags = RHUMB_QUERY_EXACT}), truth);
  for (const uint32_t one_in : {3u, 40u}) {
    Bits some(w.column.rows());
    for (uint32_t s = 0; s < w.column.rows(); s += one_in) some.set(s);
    const rhumb_filter_t filter = some.as_bits();
    const auto passing = index.search(w.queries, {.filter = &filter});
    EXPECT_GE(recall(passing, w.flat.search(w.queries, {.filter = &filter})), 0.95);
    for (const Hits& hits : passing) EXPECT_EQ(hits.size(), 10u);
  }
}

TEST(Hamming, an_index_is_inserted_in_pieces_saved_and_loaded) {
  BitWorld w(4000);
  Index index("rhumb", w.column);
  for (uint32_t first = 0; first < 4000; first += 500)
    ASSERT_EQ(index.insert(first, first + 500), RHUMB_OK);
  const TempDir temp;
  const std::string dir = temp.fresh();
  ASSERT_EQ(index.save(dir), RHUMB_OK) << index.error();
  const auto answers = index.search(w.queries, {.ef = 60});
  EXPECT_GE(recall(answers, w.flat.search(w.queries, {})), 0.95);
  for (const char* config : {"{}", R"({"on_disk":true})"}) {
    Index loaded("rhumb", w.column, config, dir);
    ASSERT_EQ(loaded.opened(), RHUMB_OK) << loaded.error();
    EXPECT_EQ(loaded.search(w.queries, {.ef = 60}), answers) << config;
  }
  Column other(RHUMB_HAMMING, RHUMB_BIT, kBits - 1);
  other.fill(w.generator, 0);
  EXPECT_EQ(Index("rhumb", other, "{}", dir).opened(), RHUMB_UNSUPPORTED);
}

// Vectors of bits have many ties, and short ones have few different distances.
TEST(Hamming, short_rows_and_many_equal_rows_are_found) {
  Generator generator(9, 92);
  Column column(RHUMB_HAMMING, RHUMB_BIT, 9);
  column.fill(generator, 3000);
  const std::vector<float> same(9, 1.0f);
  for (int i = 0; i < 1500; ++i) column.add(same);
  Index index("rhumb", column), flat("flat", column);
  ASSERT_EQ(index.build(2), RHUMB_OK) << index.error();
  ASSERT_EQ(flat.build(), RHUMB_OK);
  std::vector<std::string> queries = column.queries(generator, 50);
  queries.push_back(column.query(same));
  const auto found = index.search(queries, {.k = 20, .ef = 100});
  for (const Hits& hits : found) EXPECT_EQ(hits.size(), 20u);
  EXPECT_GE(recall(found, flat.search(queries, {.k = 20})), 0.95);
}

TEST(Hamming, hamming_is_served_for_vectors_of_bits_only) {
  Column floats(RHUMB_HAMMING, RHUMB_F32, 16), bits(RHUMB_EUCLID, RHUMB_BIT, 16);
  EXPECT_EQ(Index("rhumb", floats).opened(), RHUMB_UNSUPPORTED);
  EXPECT_EQ(Index("rhumb", bits).opened(), RHUMB_UNSUPPORTED);
}

}  // namespace
}  // namespace rhumb::index_test
