// Codes are learned from rows of the whole column, and no few rows may set the step for the others.
// If these rules failed, an index that measures itself would use floats and still find everything,
// at a higher cost. So the rules are tested on the codes themselves.
#include <numeric>

#include "plugins/index_rhumb/codes/codec.h"
#include "tests/plugins/index_fixture.h"

namespace rhumb::index_test {
namespace {

using coded::Codec;

constexpr uint32_t kDim = 64, kRows = 6000;

Codec trained(const Column& column) {
  std::vector<uint32_t> slots(column.rows());
  std::iota(slots.begin(), slots.end(), 0);
  const coded::CodecParams params{column.metric(),      RHUMB_F32, kDim, 1, 0, 0, 0,
                                  coded::Codes::kWhole, {},        0,    0};
  return Codec::train(column.raw(), params, slots, coded::kernels_in_use());
}

// Returns the share of rows whose codes are cut off.
double clipped(const Codec& codec, const Column& column) {
  std::vector<float> prepared(codec.width());
  uint32_t cut = 0;
  for (uint32_t slot = 0; slot < column.rows(); ++slot) {
    codec.prepare_row(column.row(slot), prepared.data());
    cut += codec.clips(prepared.data()) ? 1 : 0;
  }
  return cut / static_cast<double>(column.rows());
}

std::vector<float> times(std::vector<float> v, float factor) {
  for (float& x : v) x *= factor;
  return v;
}

class Training : public ::testing::TestWithParam<uint32_t> {};

TEST_P(Training, the_first_rows_do_not_speak_for_the_others) {
  Generator generator(kDim, 5);
  Column column(GetParam(), RHUMB_F32, kDim);
  for (uint32_t row = 0; row < kRows; ++row)
    column.add(times(generator.next(), row < kRows / 4 ? 0.01f : 1));
  EXPECT_LT(clipped(trained(column), column), 0.02);
}

TEST_P(Training, one_long_row_does_not_blur_the_others) {
  Generator generator(kDim, 6);
  Column without(GetParam(), RHUMB_F32, kDim), with(GetParam(), RHUMB_F32, kDim);
  for (uint32_t row = 0; row < kRows; ++row) {
    const std::vector<float> v = generator.next();
    without.add(v);
    with.add(row == 0 ? times(v, 2e4f) : v);  // the first row is in every sample
  }
  const float fine = trained(without).params().scale;
  EXPECT_NEAR(trained(with).params().scale / fine, 1, 0.1);
}

// One row in 25 is eight times as long as the others. A step from the mean square of all rows would
// cut their codes off.
TEST_P(Training, long_rows_set_the_step_where_they_are_many) {
  Generator generator(kDim, 7);
  Column column(GetParam(), RHUMB_F32, kDim);
  for (uint32_t row = 0; row < kRows; ++row)
    column.add(times(generator.next(), row % 25 == 3 ? 8 : 1));
  EXPECT_LT(clipped(trained(column), column), 0.02);
}

INSTANTIATE_TEST_SUITE_P(Metrics, Training,
                         ::testing::Values(RHUMB_EUCLID, RHUMB_DOT, RHUMB_MANHATTAN),
                         [](const auto& info) {
                           return info.param == RHUMB_EUCLID ? "euclid"
                                  : info.param == RHUMB_DOT  ? "dot"
                                                             : "manhattan";
                         });

TEST(TrainingOfDirections, rows_without_one_have_no_say) {
  Generator generator(kDim, 8);
  Column some(RHUMB_COSINE, RHUMB_F32, kDim), padded(RHUMB_COSINE, RHUMB_F32, kDim);
  for (uint32_t row = 0; row < kRows; ++row) {
    const std::vector<float> v = generator.next();
    some.add(v);
    padded.add(v);
    for (int zeros = 0; zeros < 7; ++zeros) padded.add(std::vector<float>(kDim));
  }
  const Codec of_some = trained(some), of_padded = trained(padded);
  EXPECT_NEAR(of_padded.params().scale / of_some.params().scale, 1, 0.1);
  EXPECT_LT(clipped(of_padded, some), 0.02);
}

}  // namespace
}  // namespace rhumb::index_test
