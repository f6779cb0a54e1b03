#include "tests/plugins/index_fixture.h"

namespace rhumb::index_test {
namespace {

// Distances in double precision from the stored bytes, by their definition.
double component(const char* row, uint32_t scalar, uint32_t i) {
  if (scalar == RHUMB_F32) {
    float v = 0;
    std::memcpy(&v, row + i * 4, 4);
    return v;
  }
  if (scalar == RHUMB_F16) {
    uint16_t h = 0;
    std::memcpy(&h, row + i * 2, 2);
    float v = 0;
    rhumb_f16_to_f32(&h, &v, 1);
    return v;
  }
  return static_cast<uint8_t>(row[i]);
}

double by_the_book(const char* a, const char* b, const rhumb_vectors_t& column, uint32_t metric) {
  double dot = 0, squares = 0, absolute = 0, aa = 0, bb = 0;
  for (uint32_t i = 0; i < column.dim; ++i) {
    const double x = component(a, column.scalar, i), y = component(b, column.scalar, i);
    dot += x * y;
    aa += x * x;
    bb += y * y;
    squares += (x - y) * (x - y);
    absolute += std::abs(x - y);
  }
  switch (metric) {
    case RHUMB_COSINE:
      return 1 - (column.scalar == RHUMB_U8 ? dot / std::sqrt(aa * bb) : dot);
    case RHUMB_DOT:
      return -dot;
    case RHUMB_EUCLID:
      return squares;
    default:
      return absolute;
  }
}

std::vector<double> expected(const Column& column, const std::string& query,
                             const std::vector<uint32_t>& slots, uint32_t k) {
  std::vector<double> out;
  for (const uint32_t slot : slots)
    out.push_back(by_the_book(query.data(), column.row(slot), column.raw(), column.metric()));
  std::sort(out.begin(), out.end());
  out.resize(std::min<size_t>(k, out.size()));
  return out;
}

void expect_hits(const Column& column, const std::string& query, const Hits& hits,
                 const std::vector<uint32_t>& allowed, uint32_t k) {
  const std::vector<double> want = expected(column, query, allowed, k);
  ASSERT_EQ(hits.size(), want.size());
  for (size_t i = 0; i < hits.size(); ++i) {
    EXPECT_TRUE(std::binary_search(allowed.begin(), allowed.end(), hits[i].slot))
        << "slot " << hits[i].slot << " does not pass";
    const double tolerance = 1e-4 * std::max(1.0, std::abs(want[i]));
    EXPECT_NEAR(hits[i].distance, want[i], tolerance) << "hit " << i;
    EXPECT_NEAR(by_the_book(query.data(), column.row(hits[i].slot), column.raw(), column.metric()),
                want[i], tolerance);
    if (i > 0) EXPECT_LE(hits[i - 1].distance, hits[i].distance);
  }
}

std::vector<uint32_t> all_slots(const Column& column) { return Bits(column.rows(), true).list(); }

class Kinds : public ::testing::TestWithParam<std::tuple<uint32_t, uint32_t, uint32_t>> {};

TEST_P(Kinds, the_true_neighbours_are_found_under_every_filter) {
  const auto [metric, scalar, dim] = GetParam();
  Generator generator(dim, 11);
  Column column(metric, scalar, dim);
  column.fill(generator, 1500);
  const auto queries = column.queries(generator, 3);
  Index index("flat", column);
  ASSERT_EQ(index.opened(), RHUMB_OK) << index.error();
  ASSERT_EQ(index.build(), RHUMB_OK);

  Bits some(column.rows());
  for (uint32_t s = 0; s < column.rows(); ++s) {
    if (generator.random()() % 5 == 0) some.set(s);
  }
  const std::vector<uint32_t> listed = some.list();
  const rhumb_filter_t live = some.as_live(), bits = some.as_bits(), slots = Bits::as_slots(listed);
  const std::pair<const rhumb_filter_t*, std::vector<uint32_t>> cases[] = {
      {nullptr, all_slots(column)}, {&live, listed}, {&bits, listed}, {&slots, listed}};
  for (const auto& [filter, allowed] : cases) {
    const auto found = index.search(queries, {.k = 7, .filter = filter});
    for (size_t q = 0; q < queries.size(); ++q)
      expect_hits(column, queries[q], found[q], allowed, 7);
  }
}

INSTANTIATE_TEST_SUITE_P(Flat, Kinds,
                         ::testing::Combine(::testing::Values(RHUMB_COSINE, RHUMB_DOT, RHUMB_EUCLID,
                                                              RHUMB_MANHATTAN),
                                            ::testing::Values(RHUMB_F32, RHUMB_F16, RHUMB_U8),
                                            ::testing::Values(3u, 96u)));

TEST(Flat, hamming_counts_differing_bits) {
  Generator generator(100, 12);
  Column column(RHUMB_HAMMING, RHUMB_BIT, 100);
  column.fill(generator, 500);
  Index index("flat", column);
  ASSERT_EQ(index.build(), RHUMB_OK);
  const std::string query = column.queries(generator, 1)[0];
  std::vector<int> want;
  for (uint32_t s = 0; s < column.rows(); ++s) {
    int bits = 0;
    for (size_t b = 0; b < query.size(); ++b)
      bits += std::popcount(static_cast<uint8_t>(query[b] ^ column.row(s)[b]));
    want.push_back(bits);
  }
  std::sort(want.begin(), want.end());
  const Hits hits = index.search_one(query);
  ASSERT_EQ(hits.size(), 10u);
  for (size_t i = 0; i < hits.size(); ++i) EXPECT_EQ(hits[i].distance, static_cast<float>(want[i]));
}

TEST(Flat, rows_without_the_vector_and_beyond_the_view_are_left_out) {
  Generator generator(16, 13);
  Column column(RHUMB_EUCLID, RHUMB_F32, 16);
  column.fill(generator, 300);
  Bits present(300);
  for (uint32_t s = 0; s < 300; s += 3) present.set(s);
  column.raw().present = present.words();
  Index index("flat", column);
  ASSERT_EQ(index.build(), RHUMB_OK);
  Bits live(130, true);
  live.clear(0);
  const rhumb_filter_t view = live.as_live();
  std::vector<uint32_t> allowed;
  for (uint32_t s = 3; s < 130; s += 3) allowed.push_back(s);
  const std::string query = column.queries(generator, 1)[0];
  expect_hits(column, query, index.search_one(query, {.k = 1000, .filter = &view}), allowed, 1000);
  const std::vector<uint32_t> listed = {0, 1, 2, 3, 299};
  const rhumb_filter_t slots = Bits::as_slots(listed);
  expect_hits(column, query, index.search_one(query, {.filter = &slots}), {0, 3}, 10);
  EXPECT_EQ(index.stats()["rows"], 100);
}

TEST(Flat, of_equal_distances_the_lower_slot_comes_first) {
  Column column(RHUMB_EUCLID, RHUMB_F32, 4);
  for (int i = 0; i < 50; ++i) column.add({1, 2, 3, 4});
  Index index("flat", column);
  ASSERT_EQ(index.build(), RHUMB_OK);
  const Hits hits = index.search_one(column.query({1, 2, 3, 4}), {.k = 5});
  EXPECT_EQ(hits, (Hits{{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}}));
}

TEST(Flat, with_fewer_rows_than_k_there_are_fewer_hits) {
  Generator generator(8, 14);
  Column column(RHUMB_DOT, RHUMB_F32, 8);
  Index empty("flat", column);
  ASSERT_EQ(empty.build(), RHUMB_OK);
  const std::string query = column.query(generator.next());
  EXPECT_TRUE(empty.search_one(query).empty());
  column.fill(generator, 3);
  EXPECT_TRUE(empty.search_one(query).empty()) << "slots that were not inserted";
  ASSERT_EQ(empty.insert(0, 3), RHUMB_OK);
  EXPECT_EQ(empty.search_one(query, {.k = 10}).size(), 3u);
  EXPECT_EQ(empty.search_one(query, {.k = 0}).size(), 0u);
}

TEST(Flat, ranges_are_inserted_in_any_order) {
  Generator generator(8, 15);
  Column column(RHUMB_EUCLID, RHUMB_F32, 8);
  column.fill(generator, 400);
  Index index("flat", column);
  const std::string query = column.query(generator.next());
  ASSERT_EQ(index.insert(200, 300), RHUMB_OK);
  EXPECT_EQ(index.stats()["built_through"], 0);
  EXPECT_EQ(index.search_one(query, {.k = 1000}).size(), 100u);
  ASSERT_EQ(index.insert(0, 100), RHUMB_OK);
  EXPECT_EQ(index.stats()["built_through"], 100);
  ASSERT_EQ(index.insert(100, 200), RHUMB_OK);
  EXPECT_EQ(index.stats()["built_through"], 300);
  expect_hits(column, query, index.search_one(query, {.k = 1000}), Bits(300, true).list(), 1000);
  EXPECT_EQ(index.insert(20, 10), RHUMB_INVALID);
}

TEST(Flat, a_call_stops_when_it_is_cancelled_or_late) {
  Generator generator(8, 16);
  Column column(RHUMB_EUCLID, RHUMB_F32, 8);
  column.fill(generator, 100);
  Index index("flat", column);
  rhumb_call_t late{};
  late.struct_size = sizeof late;
  late.deadline_ns = 1;
  EXPECT_EQ(index.insert(0, 100, &late), RHUMB_TIMEOUT);
  rhumb_call_t cancelled{};
  cancelled.struct_size = sizeof cancelled;
  cancelled.cancelled = [](void*) -> uint32_t { return 1; };
  EXPECT_EQ(index.build(1, nullptr, &cancelled), RHUMB_CANCELLED);
  EXPECT_EQ(index.stats()["built_through"], 0);
}

TEST(Flat, a_saved_index_is_loaded) {
  Generator generator(8, 17);
  Column column(RHUMB_EUCLID, RHUMB_F32, 8);
  column.fill(generator, 100);
  const TempDir temp;
  const std::string dir = temp.fresh();
  {
    Index index("flat", column);
    ASSERT_EQ(index.insert(0, 60), RHUMB_OK);
    ASSERT_EQ(index.save(dir), RHUMB_OK) << index.error();
    EXPECT_EQ(index.save(dir), RHUMB_IO) << "the directory has to be empty";
  }
  Index loaded("flat", column, "", dir);
  ASSERT_EQ(loaded.opened(), RHUMB_OK) << loaded.error();
  EXPECT_EQ(loaded.stats()["built_through"], 60);

  const std::string good = read_bytes(dir + "/flat");
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    write_bytes(dir + "/flat", bad);
    EXPECT_EQ(Index("flat", column, "", dir).opened(), RHUMB_CORRUPT) << "byte " << i;
    write_bytes(dir + "/flat", good.substr(0, i));
    EXPECT_EQ(Index("flat", column, "", dir).opened(), RHUMB_CORRUPT) << "cut at " << i;
  }
  write_bytes(dir + "/flat", good);
  Column shorter(RHUMB_EUCLID, RHUMB_F32, 8);
  shorter.fill(generator, 59);
  EXPECT_EQ(Index("flat", shorter, "", dir).opened(), RHUMB_CORRUPT)
      << "it covers slots that are not there";
}

TEST(Flat, unsupported_columns_are_refused) {
  Generator generator(8, 18);
  Column column(RHUMB_EUCLID, RHUMB_F32, 8);
  column.fill(generator, 10);
  Index with_parameter("flat", column, R"({"m": 3})");
  EXPECT_EQ(with_parameter.opened(), RHUMB_INVALID);
  EXPECT_NE(with_parameter.error().find("m"), std::string::npos);
  Column hamming(RHUMB_HAMMING, RHUMB_F32, 8);
  EXPECT_EQ(Index("flat", hamming).opened(), RHUMB_UNSUPPORTED);

  Index index("flat", column);
  ASSERT_EQ(index.build(), RHUMB_OK);
  const std::string row = column.query(generator.next());
  uint32_t slot = 0, count = 0;
  float distance = 0;
  rhumb_hits_t out{sizeof out, 0, &slot, &distance, &count, 0, 0};
  rhumb_query_t query{};
  query.struct_size = sizeof query;
  query.k = 1;
  query.query_count = 1;
  query.vectors = {row.data(), 1, row.size(), 7, RHUMB_F32};
  EXPECT_EQ(index.ops().search(index.raw(), nullptr, &query, &out, nullptr), RHUMB_INVALID)
      << "seven components";
  query.vectors.dim = 8;
  EXPECT_EQ(index.ops().search(index.raw(), nullptr, &query, &out, nullptr), RHUMB_OK);
  rhumb_ext_t ext{"rhumb.unheard-of/1", nullptr, sizeof ext, 0};
  query.ext = &ext;
  EXPECT_EQ(index.ops().search(index.raw(), nullptr, &query, &out, nullptr), RHUMB_OK)
      << "optional";
  ext.required = 1;
  EXPECT_EQ(index.ops().search(index.raw(), nullptr, &query, &out, nullptr), RHUMB_UNSUPPORTED);
}

}  // namespace
}  // namespace rhumb::index_test
