// A saved graph is loaded unchanged. A damaged file is reported and never used.
#include "rhumb/cpp/crc32c.h"
#include "tests/plugins/index_fixture.h"

namespace rhumb::index_test {
namespace {

constexpr const char* kConfig = R"({"m":8,"ef_construct":40})";

struct Saved {
  explicit Saved(uint32_t rows, uint64_t seed = 51)
      : generator(32, seed), column(RHUMB_COSINE, RHUMB_F32, 32), dir(temp.fresh()) {
    column.fill(generator, rows);
    index = std::make_unique<Index>("hnsw", column, kConfig);
    if (index->build(2) != RHUMB_OK || index->save(dir) != RHUMB_OK)
      throw std::runtime_error(index->error());
  }
  rhumb_status_t load(const std::string& bytes, std::string* why = nullptr) {
    write_bytes(dir + "/graph", bytes);
    Index loaded("hnsw", column, kConfig, dir);
    if (why != nullptr) *why = loaded.error();
    return loaded.opened();
  }
  const TempDir temp;
  Generator generator;
  Column column;
  const std::string dir;
  std::unique_ptr<Index> index;
};

TEST(HnswFile, a_loaded_graph_answers_the_same) {
  Saved saved(8000 / kSlowDown);
  Index loaded("hnsw", saved.column, kConfig, saved.dir);
  ASSERT_EQ(loaded.opened(), RHUMB_OK) << loaded.error();
  EXPECT_EQ(loaded.stats()["rows"], saved.index->stats()["rows"]);
  EXPECT_EQ(loaded.stats()["built_through"], saved.column.rows());
  const auto queries = saved.column.queries(saved.generator, 100);
  EXPECT_EQ(loaded.search(queries, {.ef = 20}), saved.index->search(queries, {.ef = 20}));
  const std::string again = saved.temp.fresh();
  ASSERT_EQ(loaded.save(again), RHUMB_OK);
  EXPECT_EQ(read_bytes(again + "/graph"), read_bytes(saved.dir + "/graph"));
}

TEST(HnswFile, a_loaded_graph_can_grow) {
  Saved saved(3000 / kSlowDown);
  Index loaded("hnsw", saved.column, kConfig, saved.dir);
  ASSERT_EQ(loaded.opened(), RHUMB_OK);
  const uint32_t before = saved.column.rows();
  saved.column.fill(saved.generator, 5000 / kSlowDown);
  ASSERT_EQ(loaded.insert(before, saved.column.rows()), RHUMB_OK);
  Index flat("flat", saved.column);
  ASSERT_EQ(flat.build(), RHUMB_OK);
  const auto queries = saved.column.queries(saved.generator, 100);
  EXPECT_GE(recall(loaded.search(queries, {.ef = 40}), flat.search(queries, {})), 0.95);
}

// Slots after a gap may be given to other rows after a crash, so they stay out of the file.
TEST(HnswFile, a_file_holds_nothing_beyond_the_slot_it_is_built_through) {
  Generator generator(32, 52);
  Column column(RHUMB_COSINE, RHUMB_F32, 32);
  column.fill(generator, 1000);
  const TempDir temp;
  const std::string dir = temp.fresh();
  {
    Index index("hnsw", column, kConfig);
    ASSERT_EQ(index.insert(600, 1000), RHUMB_OK);
    ASSERT_EQ(index.insert(0, 400), RHUMB_OK);
    ASSERT_EQ(index.save(dir), RHUMB_OK);
  }
  column.raw().rows = 400;
  Index loaded("hnsw", column, kConfig, dir);
  ASSERT_EQ(loaded.opened(), RHUMB_OK) << loaded.error();
  EXPECT_EQ(loaded.stats()["rows"], 400);
  EXPECT_EQ(loaded.stats()["built_through"], 400);
  for (const Hit& hit : loaded.search_one(column.query(generator.next()), {.k = 1000}))
    EXPECT_LT(hit.slot, 400u);
}

TEST(HnswFile, an_empty_graph_is_saved_and_loaded) {
  Saved saved(0);
  Index loaded("hnsw", saved.column, kConfig, saved.dir);
  ASSERT_EQ(loaded.opened(), RHUMB_OK) << loaded.error();
  EXPECT_TRUE(loaded.search_one(saved.column.query(saved.generator.next())).empty());
}

TEST(HnswFile, damage_is_reported) {
  Saved saved(4000);
  const std::string good = read_bytes(saved.dir + "/graph");
  ASSERT_GT(good.size(), 2 * 65536u) << "several blocks are wanted";
  std::vector<size_t> offsets;
  for (size_t i = 0; i < 128; ++i) offsets.push_back(i);  // header and beginning of the content
  for (size_t i = 128; i < good.size(); i += 2503) offsets.push_back(i);
  for (size_t i = good.size() - 16; i < good.size(); ++i) offsets.push_back(i);
  for (const size_t at : offsets) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    std::string why;
    EXPECT_EQ(saved.load(bad, &why), RHUMB_CORRUPT) << "byte " << at;
    EXPECT_NE(why.find("/graph at "), std::string::npos) << why;
  }
  for (const size_t size :
       {size_t{0}, size_t{63}, size_t{64}, good.size() / 2, good.size() - 4, good.size() - 1}) {
    EXPECT_EQ(saved.load(good.substr(0, size)), RHUMB_CORRUPT) << "cut at " << size;
  }
  EXPECT_EQ(saved.load(good + '\0'), RHUMB_CORRUPT);
  std::filesystem::remove(saved.dir + "/graph");
  EXPECT_EQ(Index("hnsw", saved.column, kConfig, saved.dir).opened(), RHUMB_CORRUPT) << "no file";
  EXPECT_EQ(saved.load(good), RHUMB_OK);
}

// Invalid values under valid checksums, as a faulty writer leaves them.
TEST(HnswFile, invalid_values_under_right_checksums_are_reported) {
  Saved saved(300);
  const std::string good = read_bytes(saved.dir + "/graph");
  uint64_t body = 0;
  std::memcpy(&body, good.data() + 16, sizeof body);
  std::mt19937_64 random(53);
  uint32_t refused = 0, harmless = 0;
  const auto queries = saved.column.queries(saved.generator, 4);
  for (int round = 0; round < 400; ++round) {
    std::string bad = good;
    const size_t at = 64 + (round < 40 ? static_cast<size_t>(round) : random() % body);
    bad[at] = static_cast<char>(random());
    for (uint64_t b = 0, blocks = (body + 65535) / 65536; b < blocks; ++b) {
      const uint32_t crc = crc32c(std::string_view(bad).substr(
          64 + b * 65536, std::min<uint64_t>(65536, body - b * 65536)));
      std::memcpy(bad.data() + 64 + body + b * 4, &crc, 4);
    }
    const uint32_t table = crc32c(std::string_view(bad).substr(64 + body));
    std::memcpy(bad.data() + 28, &table, 4);
    const uint32_t header = crc32c(std::string_view(bad).substr(0, 60));
    std::memcpy(bad.data() + 60, &header, 4);
    write_bytes(saved.dir + "/graph", bad);
    Index loaded("hnsw", saved.column, kConfig, saved.dir);
    if (loaded.opened() != RHUMB_OK) {
      EXPECT_TRUE(loaded.opened() == RHUMB_CORRUPT || loaded.opened() == RHUMB_UNSUPPORTED)
          << loaded.error();
      ++refused;
      continue;
    }
    ++harmless;  // another link to an existing node
    EXPECT_EQ(loaded.search(queries, {.flags = RHUMB_QUERY_EXACT}),
              saved.index->search(queries, {.flags = RHUMB_QUERY_EXACT}));
    for (const Hits& hits : loaded.search(queries, {.k = 2, .ef = 2})) EXPECT_EQ(hits.size(), 2u);
  }
  EXPECT_GT(refused, 0u);
  EXPECT_GT(harmless, 0u);
}

// The settings of a collection may have changed since. The graph keeps those that it was begun
// with.
TEST(HnswFile, a_file_is_loaded_as_it_is_under_other_settings) {
  Saved saved(8000 / kSlowDown);
  const auto queries = saved.column.queries(saved.generator, 50);
  for (const char* config : {R"({"m":2,"ef_construct":40})", R"({"m":64,"ef_construct":60})"}) {
    Index loaded("hnsw", saved.column, config, saved.dir);
    ASSERT_EQ(loaded.opened(), RHUMB_OK) << loaded.error();
    EXPECT_EQ(loaded.search(queries, {.ef = 20}), saved.index->search(queries, {.ef = 20}));
    const std::string again = saved.temp.fresh();
    ASSERT_EQ(loaded.save(again), RHUMB_OK);
    EXPECT_EQ(Index("hnsw", saved.column, kConfig, again).search(queries, {.ef = 20}),
              saved.index->search(queries, {.ef = 20}));
  }
}

TEST(HnswFile, a_file_is_refused_for_another_column) {
  Saved saved(1000);
  Column dot(RHUMB_DOT, RHUMB_F32, 32);
  dot.fill(saved.generator, 1000);
  EXPECT_EQ(Index("hnsw", dot, kConfig, saved.dir).opened(), RHUMB_UNSUPPORTED);
  Column shorter(RHUMB_COSINE, RHUMB_F32, 32);
  shorter.fill(saved.generator, 999);
  EXPECT_EQ(Index("hnsw", shorter, kConfig, saved.dir).opened(), RHUMB_CORRUPT);
  Bits present(1000, true);
  present.clear(500);
  saved.column.raw().present = present.words();
  EXPECT_EQ(Index("hnsw", saved.column, kConfig, saved.dir).opened(), RHUMB_CORRUPT)
      << "a node without a vector";
}

}  // namespace
}  // namespace rhumb::index_test
