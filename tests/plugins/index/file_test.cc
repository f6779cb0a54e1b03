// A saved graph is loaded unchanged. A damaged file is reported and never used.
#include "tests/plugins/index/graph_engines.h"

namespace rhumb::index_test {
namespace {

constexpr const char* kConfig = Saved::kConfig;

class File : public WithEngine {};

TEST_P(File, a_loaded_graph_answers_the_same) {
  Saved saved(id(), 16'000 / kFewer);
  Index loaded(id(), saved.column, kConfig, saved.dir);
  ASSERT_EQ(loaded.opened(), RHUMB_OK) << loaded.error();
  EXPECT_EQ(loaded.stats()["rows"], saved.index->stats()["rows"]);
  EXPECT_EQ(loaded.stats()["built_through"], saved.column.rows());
  const auto queries = saved.column.queries(saved.generator, 100);
  EXPECT_EQ(loaded.search(queries, {.ef = 20}), saved.index->search(queries, {.ef = 20}));
  const std::string again = saved.temp.fresh();
  ASSERT_EQ(loaded.save(again), RHUMB_OK);
  EXPECT_EQ(read_bytes(again + "/graph"), read_bytes(saved.dir + "/graph"));
}

// Several nodes are on the highest level. The one that came first need not have the lowest slot.
TEST_P(File, a_loaded_graph_is_entered_at_the_same_node) {
  for (const uint64_t seed : {53, 54, 55, 56}) {
    Generator generator(32, seed);
    Column column(RHUMB_COSINE, RHUMB_F32, 32);
    column.fill(generator, 4000);
    const TempDir temp;
    const std::string dir = temp.fresh();
    Index index(id(), column, kConfig);
    ASSERT_EQ(index.insert(2000, 4000), RHUMB_OK);
    ASSERT_EQ(index.insert(0, 2000), RHUMB_OK);
    ASSERT_EQ(index.save(dir), RHUMB_OK);
    Index loaded(id(), column, kConfig, dir);
    ASSERT_EQ(loaded.opened(), RHUMB_OK) << loaded.error();
    const auto queries = column.queries(generator, 200);
    EXPECT_EQ(loaded.search(queries, {.ef = 10}), index.search(queries, {.ef = 10}));
  }
}

TEST_P(File, a_loaded_graph_can_grow) {
  Saved saved(id(), 12'000 / kFewer);
  Index loaded(id(), saved.column, kConfig, saved.dir);
  ASSERT_EQ(loaded.opened(), RHUMB_OK);
  const uint32_t before = saved.column.rows();
  saved.column.fill(saved.generator, 5000 / kFewer);
  ASSERT_EQ(loaded.insert(before, saved.column.rows()), RHUMB_OK);
  Index flat("flat", saved.column);
  ASSERT_EQ(flat.build(), RHUMB_OK);
  const auto queries = saved.column.queries(saved.generator, 100);
  EXPECT_GE(recall(loaded.search(queries, {.ef = 40}), flat.search(queries, {})), 0.95);
}

// Slots after a gap may be given to other rows after a crash, so they stay out of the file.
TEST_P(File, a_file_holds_nothing_beyond_the_slot_it_is_built_through) {
  Generator generator(32, 52);
  Column column(RHUMB_COSINE, RHUMB_F32, 32);
  column.fill(generator, 5000);
  const TempDir temp;
  const std::string dir = temp.fresh();
  {
    Index index(id(), column, kConfig);
    ASSERT_EQ(index.insert(3000, 5000), RHUMB_OK);
    ASSERT_EQ(index.insert(0, 2000), RHUMB_OK);
    ASSERT_EQ(index.save(dir), RHUMB_OK);
  }
  column.raw().rows = 2000;
  Index loaded(id(), column, kConfig, dir);
  ASSERT_EQ(loaded.opened(), RHUMB_OK) << loaded.error();
  EXPECT_EQ(loaded.stats()["rows"], 2000);
  EXPECT_EQ(loaded.stats()["built_through"], 2000);
  for (const Hit& hit : loaded.search_one(column.query(generator.next()), {.k = 3000}))
    EXPECT_LT(hit.slot, 2000u);
}

TEST_P(File, an_empty_graph_is_saved_and_loaded) {
  Saved saved(id(), 0);
  Index loaded(id(), saved.column, kConfig, saved.dir);
  ASSERT_EQ(loaded.opened(), RHUMB_OK) << loaded.error();
  EXPECT_TRUE(loaded.search_one(saved.column.query(saved.generator.next())).empty());
}

TEST_P(File, damage_is_reported) {
  Saved saved(id(), 4000);
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
    EXPECT_NE(why.find(GetParam().at_fault), std::string::npos) << why;
  }
  for (const size_t size :
       {size_t{0}, size_t{63}, size_t{64}, good.size() / 2, good.size() - 4, good.size() - 1}) {
    EXPECT_EQ(saved.load(good.substr(0, size)), RHUMB_CORRUPT) << "cut at " << size;
  }
  EXPECT_EQ(saved.load(good + '\0'), RHUMB_CORRUPT);
  std::filesystem::remove(saved.dir + "/graph");
  EXPECT_EQ(Index(id(), saved.column, kConfig, saved.dir).opened(), RHUMB_CORRUPT) << "no file";
  EXPECT_EQ(saved.load(good), RHUMB_OK);
}

TEST_P(File, a_file_is_refused_for_another_column) {
  Saved saved(id(), 2000);
  Column dot(RHUMB_DOT, RHUMB_F32, 32);
  dot.fill(saved.generator, 2000);
  EXPECT_EQ(Index(id(), dot, kConfig, saved.dir).opened(), RHUMB_UNSUPPORTED);
  Column shorter(RHUMB_COSINE, RHUMB_F32, 32);
  shorter.fill(saved.generator, 1999);
  EXPECT_EQ(Index(id(), shorter, kConfig, saved.dir).opened(), RHUMB_CORRUPT);
  Bits present(2000, true);
  present.clear(500);
  saved.column.raw().present = present.words();
  EXPECT_EQ(Index(id(), saved.column, kConfig, saved.dir).opened(), RHUMB_CORRUPT)
      << "a node without a vector";
}

// The settings of a collection may have changed since. The graph keeps those that it was begun
// with, also when it grows and is saved again.
TEST_P(File, a_file_is_loaded_as_it_is_under_other_settings) {
  Saved saved(id(), 8000 / kFewer);
  const auto queries = saved.column.queries(saved.generator, 50);
  const auto answers = saved.index->search(queries, {.ef = 20});
  for (const char* config : {R"({"m":2,"ef_construct":40})", R"({"m":64,"ef_construct":60})"}) {
    Index loaded(id(), saved.column, config, saved.dir);
    ASSERT_EQ(loaded.opened(), RHUMB_OK) << loaded.error();
    EXPECT_EQ(loaded.search(queries, {.ef = 20}), answers) << config;
    const std::string again = saved.temp.fresh();
    ASSERT_EQ(loaded.save(again), RHUMB_OK);
    EXPECT_EQ(Index(id(), saved.column, kConfig, again).search(queries, {.ef = 20}), answers)
        << config;
  }
  Index loaded(id(), saved.column, R"({"m":64})", saved.dir);
  const uint32_t before = saved.column.rows();
  saved.column.fill(saved.generator, 6000 / kFewer);
  ASSERT_EQ(loaded.insert(before, saved.column.rows()), RHUMB_OK);
  Index flat("flat", saved.column);
  ASSERT_EQ(flat.build(), RHUMB_OK);
  EXPECT_GE(recall(loaded.search(queries, {.ef = 40}), flat.search(queries, {})), 0.95);
}

INSTANTIATE_TEST_SUITE_P(Engines, File, ::testing::ValuesIn(kGraphEngines), name_of_engine);

}  // namespace
}  // namespace rhumb::index_test
