// Invalid values in the file of this engine.
#include "rhumb/cpp/crc32c.h"
#include "tests/plugins/index/graph_engines.h"

namespace rhumb::index_test {
namespace {

// Invalid values under valid checksums, as a faulty writer leaves them.
TEST(HnswFile, invalid_values_under_right_checksums_are_reported) {
  Saved saved("hnsw", 300);
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
    Index loaded("hnsw", saved.column, Saved::kConfig, saved.dir);
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

}  // namespace
}  // namespace rhumb::index_test
