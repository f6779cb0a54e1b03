// The form of a row's code is an option. Smaller codes take less memory and give the same answers.
#include <filesystem>

#include "plugins/index_rhumb/file/file_format.h"
#include "rhumb/index_merge.h"
#include "tests/plugins/index_fixture.h"

namespace rhumb::index_test {
namespace {

// Instrumented builds get less data, but more than the number of rows below which the engine has no
// graph.
constexpr uint32_t kRows = kSlowDown > 1 ? 2000 : 6000, kDim = 128;

const std::string& config_of(const std::string& codes) {
  static std::map<std::string, std::string> configs;
  return configs.try_emplace(codes, R"({"m":16,"ef_construct":100,"codes":")" + codes + "\"}")
      .first->second;
}

struct World {
  World(uint32_t metric, uint32_t scalar, uint32_t dim, uint64_t seed)
      : generator(dim, seed), column(metric, scalar, dim), flat("flat", column) {
    column.fill(generator, kRows);
    queries = column.queries(generator, 60);
    if (flat.build() != RHUMB_OK) throw std::runtime_error(flat.error());
  }
  Generator generator;
  Column column;
  Index flat;
  std::vector<std::string> queries;
};

class Metrics : public ::testing::TestWithParam<std::tuple<uint32_t, uint32_t>> {};

uint64_t bytes_of(Index& index) { return index.stats()["bytes_resident"].get<uint64_t>(); }

TEST_P(Metrics, four_bit_codes_find_as_much) {
  const auto [metric, scalar] = GetParam();
  World w(metric, scalar, kDim, 91);
  Index whole("rhumb", w.column, config_of("8bit").c_str()),
      nibbles("rhumb", w.column, config_of("4bit").c_str());
  ASSERT_EQ(whole.build(2), RHUMB_OK) << whole.error();
  ASSERT_EQ(nibbles.build(2), RHUMB_OK) << nibbles.error();
  const auto truth = w.flat.search(w.queries, {});
  EXPECT_GE(recall(nibbles.search(w.queries, {.ef = 100}), truth), 0.95);
  EXPECT_GE(recall(nibbles.search(w.queries, {}), truth), 0.93)
      << "by the breadth that calibration chooses";
  const uint64_t codes = uint64_t{kRows} * (metric == RHUMB_DOT ? kDim + 64 : kDim);
  EXPECT_EQ(bytes_of(whole) - bytes_of(nibbles), codes / 2) << "half of a byte a component";
}

TEST_P(Metrics, product_codes_find_the_neighbours) {
  const auto [metric, scalar] = GetParam();
  World w(metric, scalar, kDim, 99);
  Index whole("rhumb", w.column, config_of("8bit").c_str()),
      product("rhumb", w.column, R"({"m":16,"ef_construct":100,"codes":"pq","compression":8})");
  ASSERT_EQ(whole.build(2), RHUMB_OK) << whole.error();
  ASSERT_EQ(product.build(2), RHUMB_OK) << product.error();
  const auto truth = w.flat.search(w.queries, {});
  EXPECT_GE(recall(product.search(w.queries, {.ef = 200}), truth), 0.95);
  const uint64_t codes = uint64_t{kRows} * (metric == RHUMB_DOT ? kDim + 64 : kDim);
  const uint64_t book = 256 * codes / kRows;
  EXPECT_EQ(bytes_of(whole) - bytes_of(product), codes / 2 - book) << "a byte for two components";
}

INSTANTIATE_TEST_SUITE_P(Codes, Metrics,
                         ::testing::Values(std::tuple{RHUMB_COSINE, RHUMB_F32},
                                           std::tuple{RHUMB_DOT, RHUMB_F32},
                                           std::tuple{RHUMB_EUCLID, RHUMB_F16},
                                           std::tuple{RHUMB_MANHATTAN, RHUMB_F32},
                                           std::tuple{RHUMB_EUCLID, RHUMB_U8}));

// The walk uses one-bit codes, and its results are compared by 4-bit codes.
TEST(Codes, four_bit_codes_work_beneath_one_bit_codes) {
  World w(RHUMB_COSINE, RHUMB_F32, 512, 92);
  Index index("rhumb", w.column, config_of("4bit").c_str());
  ASSERT_EQ(index.build(2), RHUMB_OK) << index.error();
  EXPECT_GE(recall(index.search(w.queries, {.ef = 100}), w.flat.search(w.queries, {})), 0.95);
}

TEST(Codes, a_scan_of_few_rows_finds_the_neighbours) {
  World w(RHUMB_EUCLID, RHUMB_F32, kDim, 93);
  Index index("rhumb", w.column, config_of("4bit").c_str());
  ASSERT_EQ(index.build(2), RHUMB_OK);
  Bits some(w.column.rows());
  for (uint32_t s = 0; s < w.column.rows(); s += 60) some.set(s);
  const rhumb_filter_t filter = some.as_bits();
  EXPECT_GE(recall(index.search(w.queries, {.filter = &filter}),
                   w.flat.search(w.queries, {.filter = &filter})),
            0.98);
}

class Kept : public ::testing::TestWithParam<const char*> {
 protected:
  const TempDir temp;
};

TEST_P(Kept, a_loaded_graph_answers_the_same_and_can_grow) {
  World w(RHUMB_COSINE, RHUMB_F32, 96, 94);
  const std::string& config = config_of(GetParam());
  Index index("rhumb", w.column, config.c_str());
  ASSERT_EQ(index.build(2), RHUMB_OK) << index.error();
  const std::string dir = temp.fresh();
  ASSERT_EQ(index.save(dir), RHUMB_OK);
  const auto expected = index.search(w.queries, {.ef = 40});
  for (const char* mapped : {"false", "true"}) {
    const std::string as = config.substr(0, config.size() - 1) + R"(,"on_disk":)" + mapped + "}";
    Index loaded("rhumb", w.column, as.c_str(), dir);
    ASSERT_EQ(loaded.opened(), RHUMB_OK) << loaded.error();
    EXPECT_EQ(loaded.search(w.queries, {.ef = 40}), expected) << as;
    const std::string again = temp.fresh();
    ASSERT_EQ(loaded.save(again), RHUMB_OK);
    EXPECT_TRUE(read_bytes(again + "/graph") == read_bytes(dir + "/graph"));
  }
  Index loaded("rhumb", w.column, config.c_str(), dir);
  const uint32_t before = w.column.rows();
  w.column.fill(w.generator, before / 3);
  ASSERT_EQ(loaded.insert(before, w.column.rows()), RHUMB_OK) << loaded.error();
  Index flat("flat", w.column);
  ASSERT_EQ(flat.build(), RHUMB_OK);
  EXPECT_GE(recall(loaded.search(w.queries, {.ef = 100}), flat.search(w.queries, {})), 0.95);
}

// A graph keeps the codes that it was begun with, whatever the options are now.
TEST_P(Kept, files_of_other_codes_are_loaded_as_they_are) {
  World w(RHUMB_COSINE, RHUMB_F32, 96, 95);
  Index index("rhumb", w.column, config_of(GetParam()).c_str());
  ASSERT_EQ(index.build(2), RHUMB_OK) << index.error();
  const std::string dir = temp.fresh();
  ASSERT_EQ(index.save(dir), RHUMB_OK);
  for (const char* other : {"8bit", "4bit", "pq"}) {
    Index loaded("rhumb", w.column, config_of(other).c_str(), dir);
    ASSERT_EQ(loaded.opened(), RHUMB_OK) << other << ": " << loaded.error();
    EXPECT_EQ(loaded.search(w.queries, {.ef = 50}), index.search(w.queries, {.ef = 50})) << other;
    const std::string again = temp.fresh();
    ASSERT_EQ(loaded.save(again), RHUMB_OK);
    EXPECT_TRUE(read_bytes(again + "/graph") == read_bytes(dir + "/graph")) << other;
  }
}

// The header, which holds the levels, has checksums of its own for every byte.
TEST_P(Kept, damage_of_the_header_is_reported) {
  World w(RHUMB_COSINE, RHUMB_F32, 96, 96);
  const std::string& config = config_of(GetParam());
  Index index("rhumb", w.column, config.c_str());
  ASSERT_EQ(index.build(2), RHUMB_OK);
  const std::string dir = temp.fresh();
  ASSERT_EQ(index.save(dir), RHUMB_OK);
  const std::string good = read_bytes(dir + "/graph");
  for (size_t at = sizeof(coded::FileHeader);
       at < sizeof(coded::FileHeader) + 2 * sizeof(coded::CodesHeader); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    write_bytes(dir + "/graph", bad);
    EXPECT_EQ(Index("rhumb", w.column, config.c_str(), dir).opened(), RHUMB_CORRUPT)
        << "byte " << at;
  }
}

INSTANTIATE_TEST_SUITE_P(Codes, Kept, ::testing::Values("8bit", "4bit", "pq"),
                         [](const auto& info) { return "Of" + std::string(info.param); });

TEST(Codes, unsound_levels_are_refused) {
  World w(RHUMB_COSINE, RHUMB_F32, 64, 97);
  const TempDir temp;
  Index index("rhumb", w.column, config_of("4bit").c_str());
  ASSERT_EQ(index.build(2), RHUMB_OK);
  const std::string dir = temp.fresh();
  ASSERT_EQ(index.save(dir), RHUMB_OK);
  const std::string good = read_bytes(dir + "/graph");
  const auto opened = [&](auto change) {
    std::string bad = good;
    coded::CodesHeader codes;
    std::memcpy(&codes, bad.data() + sizeof(coded::FileHeader), sizeof codes);
    change(codes);
    codes.crc = coded::codes_crc_of(codes);
    std::memcpy(bad.data() + sizeof(coded::FileHeader), &codes, sizeof codes);
    write_bytes(dir + "/graph", bad);
    return Index("rhumb", w.column, config_of("4bit").c_str(), dir).opened();
  };
  EXPECT_EQ(opened([](coded::CodesHeader&) {}), RHUMB_OK);
  EXPECT_EQ(opened([](coded::CodesHeader& c) { c.levels[15] = 200; }), RHUMB_CORRUPT);
  EXPECT_EQ(opened([](coded::CodesHeader& c) { std::swap(c.levels[0], c.levels[15]); }),
            RHUMB_CORRUPT);
  EXPECT_EQ(opened([](coded::CodesHeader& c) { c.codes = 77; }), RHUMB_UNSUPPORTED);
  EXPECT_EQ(opened([](coded::CodesHeader& c) { c.codes = 2; }), RHUMB_CORRUPT)
      << "runs of no components";
  EXPECT_EQ(opened([](coded::CodesHeader& c) { c.codes = 2, c.sub = 4; }), RHUMB_CORRUPT)
      << "no book";
  EXPECT_EQ(opened([](coded::CodesHeader& c) { c.sub = 4; }), RHUMB_CORRUPT)
      << "runs where there are none";
}

TEST(Codes, every_compression_finds_the_neighbours) {
  World w(RHUMB_EUCLID, RHUMB_F32, kDim, 100);
  const auto truth = w.flat.search(w.queries, {});
  uint64_t before = ~uint64_t{0};
  for (const char* compression : {"4", "8", "16", "32", "64"}) {
    const std::string config = std::string(R"({"codes":"pq","compression":)") + compression + "}";
    Index index("rhumb", w.column, config.c_str());
    ASSERT_EQ(index.build(2), RHUMB_OK) << index.error();
    EXPECT_LT(bytes_of(index), before);
    before = bytes_of(index);
    EXPECT_GE(recall(index.search(w.queries, {.ef = 512}), truth), 0.9) << compression;
  }
}

// Merges into a new instance, without every seventh row. Returns the directory to which the result
// was saved.
std::string merged(Index& from, Index& to, uint32_t rows, const TempDir& temp) {
  const Bits live = [&] {
    Bits all(rows, true);
    for (uint32_t s = 0; s < rows; s += 7) all.clear(s);
    return all;
  }();
  std::vector<uint32_t> map(rows);
  for (uint32_t s = 0; s < rows; ++s) map[s] = s % 7 == 0 ? RHUMB_NO_SLOT : s;
  const rhumb_index_input_t input{from.raw(), map.data(), map.size()};
  const auto* const extension =
      static_cast<const rhumb_index_merge_t*>(to.ops().get_extension(to.raw(), RHUMB_INDEX_MERGE));
  rhumb_error_t error{sizeof error, 0, {}};
  const rhumb_progress_t progress{sizeof progress, 2, nullptr, nullptr};
  EXPECT_EQ(extension->merge(to.raw(), nullptr, &input, 1, rows, live.words(), &progress, &error),
            RHUMB_OK)
      << error.text;
  const std::string dir = temp.fresh();
  EXPECT_EQ(to.save(dir), RHUMB_OK);
  return dir;
}

uint32_t learned_of(const std::string& dir) {
  coded::CodesHeader codes;
  std::memcpy(&codes, read_bytes(dir + "/graph").data() + sizeof(coded::FileHeader), sizeof codes);
  return codes.learned;
}

TEST_P(Kept, a_graph_with_these_codes_is_taken_over_by_a_merge) {
  World w(RHUMB_COSINE, RHUMB_F32, 64, 105);
  const char* const config = config_of(GetParam()).c_str();
  Index from("rhumb", w.column, config), to("rhumb", w.column, config);
  ASSERT_EQ(from.build(2), RHUMB_OK) << from.error();
  const std::string dir = merged(from, to, w.column.rows(), temp);
  Bits kept(w.column.rows(), true);
  for (uint32_t s = 0; s < w.column.rows(); s += 7) kept.clear(s);
  const rhumb_filter_t live = kept.as_live();
  EXPECT_GE(recall(to.search(w.queries, {.ef = 100, .filter = &live}),
                   w.flat.search(w.queries, {.filter = &live})),
            0.95);
  if (GetParam() == std::string_view("pq"))
    EXPECT_EQ(learned_of(dir), w.column.rows()) << "the book of all rows goes on";
}

// An index that grows by inserts learns its book from the first 1,024 rows. A merge of more rows
// learns a new one.
TEST(Codes, a_codebook_of_few_rows_is_not_taken_over) {
  World w(RHUMB_COSINE, RHUMB_F32, 64, 106);
  const TempDir temp;
  Index from("rhumb", w.column, config_of("pq").c_str()),
      to("rhumb", w.column, config_of("pq").c_str());
  for (uint32_t s = 0; s < kRows; s += 512)
    ASSERT_EQ(from.insert(s, std::min(kRows, s + 512)), RHUMB_OK);
  const std::string grown = temp.fresh();
  ASSERT_EQ(from.save(grown), RHUMB_OK);
  EXPECT_EQ(learned_of(grown), 1024u);
  const uint32_t left = kRows - (kRows + 6) / 7;
  EXPECT_EQ(learned_of(merged(from, to, kRows, temp)), left > 2048 ? left : 1024);
}

// Vectors of bits are their own codes.
TEST(Codes, codes_have_no_effect_on_vectors_of_bits) {
  Column column(RHUMB_HAMMING, RHUMB_BIT, 256);
  Generator generator(256, 98);
  column.fill(generator, 3000);
  Index whole("rhumb", column, config_of("8bit").c_str()),
      nibbles("rhumb", column, config_of("4bit").c_str());
  ASSERT_EQ(whole.build(1), RHUMB_OK) << whole.error();
  ASSERT_EQ(nibbles.build(1), RHUMB_OK) << nibbles.error();
  const auto queries = column.queries(generator, 20);
  EXPECT_EQ(nibbles.search(queries, {}), whole.search(queries, {}));
  Index product("rhumb", column, config_of("pq").c_str());
  ASSERT_EQ(product.build(1), RHUMB_OK) << product.error();
  EXPECT_EQ(product.search(queries, {}), whole.search(queries, {}));
  const TempDir temp;
  const std::string dir = temp.fresh();
  ASSERT_EQ(product.save(dir), RHUMB_OK);
  EXPECT_EQ(Index("rhumb", column, config_of("pq").c_str(), dir).opened(), RHUMB_OK);
}

}  // namespace
}  // namespace rhumb::index_test
