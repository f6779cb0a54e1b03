// The same rows give the same graph on any number of threads.
#include "rhumb/index_merge.h"
#include "tests/plugins/index_fixture.h"

namespace rhumb::index_test {
namespace {

constexpr char kSameOnAnyThreads[] = R"({"m":8,"ef_construct":60,"deterministic":true})";
#if defined(RHUMB_SANITIZED)
constexpr uint32_t kThreads[] = {1, 4};
#else
constexpr uint32_t kThreads[] = {1, 2, 4, 4};
#endif

std::string saved_bytes(Index& index, const TempDir& temp) {
  const std::string dir = temp.fresh();
  if (index.save(dir) != RHUMB_OK) throw std::runtime_error(index.error());
  return read_bytes(dir + "/graph");
}

class Deterministic : public ::testing::TestWithParam<std::tuple<uint32_t, uint32_t, uint32_t>> {};
TEST_P(Deterministic, builds_on_any_number_of_threads_are_the_same) {
  const auto [metric, scalar, dim] = GetParam();
  Generator generator(dim, 95);
  Column column(metric, scalar, dim);
  column.fill(generator, std::max(3000u, 12'000 / kSlowDown));
  const TempDir temp;
  std::string first;
  for (const uint32_t threads : kThreads) {
    Index index("rhumb", column, kSameOnAnyThreads);
    ASSERT_EQ(index.build(threads), RHUMB_OK) << index.error();
    EXPECT_EQ(index.stats()["rows"], column.rows());
    const std::string bytes = saved_bytes(index, temp);
    if (first.empty()) first = bytes;
    EXPECT_TRUE(bytes == first) << threads << " threads";
  }
}
INSTANTIATE_TEST_SUITE_P(Rhumb, Deterministic,
                         ::testing::Values(std::tuple{RHUMB_COSINE, RHUMB_F32, 48u},
                                           std::tuple{RHUMB_EUCLID, RHUMB_F32, 512u},
                                           std::tuple{RHUMB_MANHATTAN, RHUMB_U8, 32u},
                                           std::tuple{RHUMB_HAMMING, RHUMB_BIT, 256u}));

// Nodes of one batch do not see each other. This must not lower the recall.
TEST(Deterministic, a_deterministic_build_finds_as_much) {
  Generator generator(64, 96);
  Column column(RHUMB_COSINE, RHUMB_F32, 64);
  column.fill(generator, std::max(3000u, 16'000 / kSlowDown));
  const auto queries = column.queries(generator, 200);
  Index batches("rhumb", column, kSameOnAnyThreads),
      free("rhumb", column, R"({"m":8,"ef_construct":60})"), flat("flat", column);
  ASSERT_EQ(batches.build(4), RHUMB_OK);
  ASSERT_EQ(free.build(4), RHUMB_OK);
  ASSERT_EQ(flat.build(), RHUMB_OK);
  const auto truth = flat.search(queries, {});
  for (const uint32_t ef : {16u, 64u}) {
    const double found = recall(batches.search(queries, {.ef = ef}), truth),
                 usual = recall(free.search(queries, {.ef = ef}), truth);
    std::printf("ef %u: %.4f in batches, %.4f else\n", ef, found, usual);
    EXPECT_GE(found, usual - 0.01) << "ef " << ef;
  }
}

// Merges a tenth into nine tenths, on one thread and on four.
TEST(Deterministic, merges_on_any_number_of_threads_are_the_same) {
  Generator generator(32, 97);
  const uint32_t rows = std::max(3000u, 8000 / kSlowDown), large_rows = rows - rows / 10;
  Column large(RHUMB_EUCLID, RHUMB_F32, 32), all(RHUMB_EUCLID, RHUMB_F32, 32);
  for (uint32_t i = 0; i < rows; ++i) {
    const std::vector<float> v = generator.next();
    if (i < large_rows) large.add(v);
    all.add(v);
  }
  Index from("rhumb", large, kSameOnAnyThreads);
  ASSERT_EQ(from.build(4), RHUMB_OK);
  std::vector<uint32_t> map(large_rows);
  for (uint32_t i = 0; i < large_rows; ++i) map[i] = i % 7 == 3 ? RHUMB_NO_SLOT : i;
  const rhumb_index_input_t input{from.raw(), map.data(), map.size()};
  const TempDir temp;
  std::string first;
  for (const uint32_t threads : kThreads) {
    Index index("rhumb", all, kSameOnAnyThreads);
    const auto* const merge = static_cast<const rhumb_index_merge_t*>(
        index.ops().get_extension(index.raw(), RHUMB_INDEX_MERGE));
    ASSERT_NE(merge, nullptr);
    const rhumb_progress_t progress{sizeof progress, threads, nullptr, nullptr};
    ASSERT_EQ(merge->merge(index.raw(), nullptr, &input, 1, rows, nullptr, &progress, nullptr),
              RHUMB_OK);
    EXPECT_EQ(index.stats()["rows"], rows);
    const std::string bytes = saved_bytes(index, temp);
    if (first.empty()) first = bytes;
    EXPECT_TRUE(bytes == first) << threads << " threads";
  }
}

TEST(Deterministic, a_build_can_be_cancelled_and_continued) {
  Generator generator(32, 98);
  Column column(RHUMB_EUCLID, RHUMB_F32, 32);
  column.fill(generator, 3000);
  Index index("rhumb", column, kSameOnAnyThreads);
  uint64_t ticks = 0;
  const rhumb_progress_t stop{sizeof stop, 2, &ticks,
                              [](void* ctx, uint64_t done, uint64_t total) -> uint32_t {
                                EXPECT_LE(done, total);
                                return ++*static_cast<uint64_t*>(ctx) < 40 ? 1 : 0;
                              }};
  ASSERT_EQ(index.build(stop), RHUMB_CANCELLED);
  EXPECT_LT(index.stats()["rows"], 3000);
  ASSERT_EQ(index.build(2), RHUMB_OK);
  EXPECT_EQ(index.stats()["rows"], 3000);
  for (const Hits& hits : index.search(column.queries(generator, 10), {.ef = 40}))
    EXPECT_EQ(hits.size(), 10u);
}

}  // namespace
}  // namespace rhumb::index_test
