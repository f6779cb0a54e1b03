// What the engine supports.
#include "tests/plugins/index_fixture.h"

namespace rhumb::index_test {
namespace {

TEST(HnswDescription, four_metrics_of_three_scalar_types_are_served) {
  Buffer buffer;
  ASSERT_EQ(engine("hnsw").ops->describe(nullptr, buffer.out()), RHUMB_OK);
  const auto described = nlohmann::json::parse(buffer.view());
  EXPECT_EQ(described["metrics"].size(), 4u);
  EXPECT_EQ(described["scalars"].size(), 3u);
}

TEST(HnswDescription, a_column_of_bits_is_refused) {
  Column bits(RHUMB_HAMMING, RHUMB_BIT, 16);
  EXPECT_EQ(Index("hnsw", bits).opened(), RHUMB_UNSUPPORTED);
}

}  // namespace
}  // namespace rhumb::index_test
