// A walk that has what it needs ends before it has used its whole ef. It costs less and finds as
// much, and it never ends early if nothing was measured.
#include "plugins/index_rhumb/engine/calibration.h"
#include "plugins/index_rhumb/file/file_format.h"
#include "tests/plugins/index_fixture.h"

namespace rhumb::index_test {
namespace {

TEST(EarlyStop, the_reach_is_that_of_the_next_measured_breadth) {
  coded::Calibration calibration;
  EXPECT_EQ(calibration.reach_for(10), 0);
  coded::CalibrationTable table;
  for (size_t i = 0; i < table.recalls.size(); ++i) table.recalls[i] = 1;
  table.reaches[0] = 1.1f;
  table.reaches[1] = 1.3f;
  calibration.set(table);
  EXPECT_EQ(calibration.reach_for(1), 1.1f);
  EXPECT_EQ(calibration.reach_for(10), 1.1f);
  EXPECT_EQ(calibration.reach_for(11), 1.3f);
  EXPECT_EQ(calibration.reach_for(17), 0) << "not measured";
  EXPECT_EQ(calibration.reach_for(100'000), 0)
      << "who asks for more than was measured gets all of it";
}

class EarlyStopOn : public ::testing::TestWithParam<uint32_t> {};
// Searches the same graph as it is, and with the reaches removed from its file.
TEST_P(EarlyStopOn, an_early_stop_costs_less_and_finds_as_much) {
  const uint32_t dim = GetParam();
  const TempDir temp;
  Generator generator(dim, 71, 400, 48);
  Column column(RHUMB_COSINE, RHUMB_F32, dim);
  column.fill(generator, 20'000 / kSlowDown);
  const auto queries = column.queries(generator, 200);
  const std::string limited = temp.fresh(), unlimited = temp.fresh();
  constexpr const char* kConfig = R"({"m":8,"ef_construct":60})";
  {
    Index index("rhumb", column, kConfig);
    ASSERT_EQ(index.build(2), RHUMB_OK) << index.error();
    ASSERT_EQ(index.save(limited), RHUMB_OK) << index.error();
  }
  std::string bytes = read_bytes(limited + "/graph");
  coded::FileHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  ASSERT_GT(header.calibration.reaches[5], 1) << "no limit was found";
  header.calibration.reaches = {};
  header.header_crc = coded::header_crc_of(header);
  std::memcpy(bytes.data(), &header, sizeof header);
  write_bytes(unlimited + "/graph", bytes);

  Index flat("flat", column), with("rhumb", column, kConfig, limited),
      without("rhumb", column, kConfig, unlimited);
  ASSERT_EQ(flat.build(), RHUMB_OK);
  ASSERT_EQ(with.opened(), RHUMB_OK) << with.error();
  ASSERT_EQ(without.opened(), RHUMB_OK) << without.error();
  const auto truth = flat.search(queries, {});
  for (const uint32_t ef : {32u, 64u, 128u}) {
    uint64_t fewer = 0, all = 0;
    const double found = recall(with.search(queries, {.ef = ef}, nullptr, &fewer), truth),
                 found_by_all = recall(without.search(queries, {.ef = ef}, nullptr, &all), truth);
    std::printf("dim %u, ef %u: %llu of %llu distances, recall %.4f of %.4f\n", dim, ef,
                static_cast<unsigned long long>(fewer), static_cast<unsigned long long>(all), found,
                found_by_all);
    EXPECT_LE(fewer, all);
    EXPECT_GE(found, found_by_all - 0.005);
    if (ef == 128 && kSlowDown == 1) {
      EXPECT_LT(fewer, all);
    }
  }
}
INSTANTIATE_TEST_SUITE_P(EarlyStop, EarlyStopOn, ::testing::Values(64u, 512u));

}  // namespace
}  // namespace rhumb::index_test
