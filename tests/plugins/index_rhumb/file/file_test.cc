// What is particular to the file of this engine: pages, invalid values, and codes.
#include "plugins/index_rhumb/file/file_format.h"
#include "rhumb/cpp/crc32c.h"
#include "tests/plugins/index/graph_engines.h"

namespace rhumb::index_test {
namespace {

constexpr const char* kConfig = Saved::kConfig;

// A graph in its file's pages answers the same, and can grow beyond them.
TEST(RhumbFile, a_mapped_graph_answers_the_same) {
  constexpr const char* kMapped = R"({"m":8,"ef_construct":40,"on_disk":true})";
  Saved saved("rhumb", 12'000 / kFewer);
  Index loaded("rhumb", saved.column, kMapped, saved.dir);
  ASSERT_EQ(loaded.opened(), RHUMB_OK) << loaded.error();
  EXPECT_GT(loaded.stats()["bytes_mapped"], 12'000u / kFewer * 64);
  const auto queries = saved.column.queries(saved.generator, 100);
  EXPECT_EQ(loaded.search(queries, {.ef = 20}), saved.index->search(queries, {.ef = 20}));
  const std::string before = read_bytes(saved.dir + "/graph");
  const uint32_t rows = saved.column.rows();
  saved.column.fill(saved.generator, 6000 / kFewer);
  ASSERT_EQ(loaded.insert(rows, saved.column.rows()), RHUMB_OK);
  Index flat("flat", saved.column);
  ASSERT_EQ(flat.build(), RHUMB_OK);
  EXPECT_GE(recall(loaded.search(queries, {.ef = 40}), flat.search(queries, {})), 0.95);
  EXPECT_EQ(read_bytes(saved.dir + "/graph"), before) << "the file of others was written to";
  const std::string again = saved.temp.fresh();
  ASSERT_EQ(loaded.save(again), RHUMB_OK);
  EXPECT_EQ(Index("rhumb", saved.column, kMapped, again).opened(), RHUMB_OK);
}

TEST(RhumbFile, a_build_on_one_thread_is_the_same_every_time) {
  Generator generator(32, 54);
  Column column(RHUMB_COSINE, RHUMB_F32, 32);
  column.fill(generator, 5000);
  const TempDir temp;
  std::string first;
  for (int i = 0; i < 2; ++i) {
    Index index("rhumb", column, kConfig);
    ASSERT_EQ(index.build(1), RHUMB_OK);
    const std::string dir = temp.fresh();
    ASSERT_EQ(index.save(dir), RHUMB_OK);
    const std::string bytes = read_bytes(dir + "/graph");
    if (i > 0) EXPECT_TRUE(bytes == first);
    first = bytes;
  }
}

// Recomputes every checksum.
void seal(std::string& bytes) {
  coded::FileHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  const uint64_t end = header.table_offset;
  for (uint64_t at = coded::kPageBytes, b = 0; at < end; at += kBlockBytes, ++b) {
    const uint32_t crc =
        crc32c(std::string_view(bytes).substr(at, std::min<uint64_t>(kBlockBytes, end - at)));
    std::memcpy(bytes.data() + end + b * 4, &crc, 4);
  }
  header.table_crc = crc32c(std::string_view(bytes).substr(end));
  header.header_crc = coded::header_crc_of(header);
  std::memcpy(bytes.data(), &header, sizeof header);
}

// Invalid values under valid checksums, as a faulty writer leaves them.
TEST(RhumbFile, invalid_values_under_right_checksums_are_reported) {
  Saved saved("rhumb", 1500);
  const std::string good = read_bytes(saved.dir + "/graph");
  coded::FileHeader header;
  std::memcpy(&header, good.data(), sizeof header);
  std::mt19937_64 random(53);
  uint32_t refused = 0, harmless = 0;
  const auto queries = saved.column.queries(saved.generator, 4);
  const auto damage = [&](size_t at) {
    std::string bad = good;
    bad[at] = static_cast<char>(random());
    const uint64_t table = header.table_offset;
    std::memcpy(bad.data() + offsetof(coded::FileHeader, table_offset), &table, sizeof table);
    seal(bad);
    write_bytes(saved.dir + "/graph", bad);
    Index loaded("rhumb", saved.column, kConfig, saved.dir);
    if (loaded.opened() != RHUMB_OK) {
      EXPECT_TRUE(loaded.opened() == RHUMB_CORRUPT || loaded.opened() == RHUMB_UNSUPPORTED)
          << loaded.error();
      ++refused;
      return;
    }
    ++harmless;  // another code, or another link to an existing node
    if (loaded.stats()["built_through"] != saved.column.rows()) return;
    EXPECT_EQ(loaded.search(queries, {.flags = RHUMB_QUERY_EXACT}),
              saved.index->search(queries, {.flags = RHUMB_QUERY_EXACT}));
    for (const Hits& hits : loaded.search(queries, {.k = 2, .ef = 2})) EXPECT_EQ(hits.size(), 2u);
  };
  for (size_t at = 8; at < sizeof header; ++at) damage(at);
  for (const coded::Section section :
       {coded::kRows, coded::kLevels, coded::kUpper, coded::kCodes, coded::kCentre}) {
    const coded::SectionEntry& entry = header.sections[section];
    for (int round = 0; round < 40; ++round)
      damage(entry.offset + random() % (entry.rows * entry.stride));
  }
  EXPECT_GT(refused, 100u);
  EXPECT_GT(harmless, 40u);
}

// The settings of a collection may have changed since, also those that only this engine has.
TEST(RhumbFile, a_file_keeps_its_bytes_under_other_settings) {
  Saved saved("rhumb", 4000);
  const auto queries = saved.column.queries(saved.generator, 50);
  const auto answers = saved.index->search(queries, {.ef = 20});
  for (const char* config : {R"({"m":2,"ef_construct":60,"seed":7})",
                             R"({"m":100,"one_bit":false})", R"({"recall":0.9,"on_disk":true})"}) {
    Index loaded("rhumb", saved.column, config, saved.dir);
    ASSERT_EQ(loaded.opened(), RHUMB_OK) << loaded.error();
    EXPECT_EQ(loaded.search(queries, {.ef = 20}), answers) << config;
    const std::string again = saved.temp.fresh();
    ASSERT_EQ(loaded.save(again), RHUMB_OK);
    EXPECT_EQ(read_bytes(again + "/graph"), read_bytes(saved.dir + "/graph")) << config;
  }
}

// Wide vectors are walked by the codes that the file has.
TEST(RhumbFile, a_file_keeps_its_codes_under_other_settings) {
  Generator generator(512, 55);
  Column column(RHUMB_COSINE, RHUMB_F32, 512);
  column.fill(generator, 1500);
  const TempDir temp;
  for (const auto& [made, wanted] : {std::pair{R"({"one_bit":false})", R"({"one_bit":true})"},
                                     {R"({"one_bit":true})", R"({"one_bit":false})"}}) {
    Index index("rhumb", column, made);
    const std::string dir = temp.fresh(), again = temp.fresh();
    ASSERT_EQ(index.build(2), RHUMB_OK);
    ASSERT_EQ(index.save(dir), RHUMB_OK);
    Index loaded("rhumb", column, wanted, dir);
    ASSERT_EQ(loaded.opened(), RHUMB_OK) << loaded.error();
    const auto queries = column.queries(generator, 20);
    EXPECT_EQ(loaded.search(queries, {.ef = 20}), index.search(queries, {.ef = 20})) << made;
    ASSERT_EQ(loaded.save(again), RHUMB_OK);
    EXPECT_EQ(read_bytes(again + "/graph"), read_bytes(dir + "/graph")) << made;
  }
}

}  // namespace
}  // namespace rhumb::index_test
