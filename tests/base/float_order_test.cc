// The order of floating-point numbers is a strict weak order over all bit patterns.
#include "host/base/float_order.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/odd_numbers.h"

namespace rhumb::base {
namespace {

TEST(FloatOrderTest, every_bit_pattern_has_a_place_in_the_order) {
  std::mt19937_64 random(17);
  std::vector<float> values;
  for (int i = 0; i < 150; ++i) values.push_back(test::odd_float(random));
  EXPECT_EQ(test::order_fault(values, [](float a, float b) { return place_of(a) < place_of(b); }),
            "");
  EXPECT_NE(test::order_fault(values, [](float a, float b) { return a < b; }), "")
      << "what it is there for";
  for (const float a : values) {
    for (const float b : values) {
      if (!std::isnan(a) && !std::isnan(b))
        ASSERT_EQ(place_of(a) < place_of(b), a < b) << a << " " << b;
      if (std::isnan(a) && !std::isnan(b)) ASSERT_GT(place_of(a), place_of(b));
      ASSERT_EQ(place_of(double{a}) < place_of(double{b}), place_of(a) < place_of(b))
          << "as a double: " << a << " " << b;
    }
  }
}

TEST(FloatOrderTest, a_float_is_read_back_from_its_place) {
  std::mt19937_64 random(18);
  for (int i = 0; i < 10000; ++i) {
    const float value = test::odd_float(random), back = float_at(place_of(value));
    if (std::isnan(value))
      ASSERT_TRUE(std::isnan(back));
    else
      ASSERT_EQ(value, back);
  }
}

TEST(FloatOrderTest, both_zeros_are_equal_and_all_nans_are_equal) {
  EXPECT_EQ(place_of(-0.0f), place_of(0.0f));
  EXPECT_EQ(place_of(-0.0), place_of(0.0));
  EXPECT_EQ(place_of(std::numeric_limits<float>::quiet_NaN()),
            place_of(-std::numeric_limits<float>::signaling_NaN()));
  EXPECT_LT(place_of(std::numeric_limits<double>::infinity()),
            place_of(-std::numeric_limits<double>::quiet_NaN()));
}

}  // namespace
}  // namespace rhumb::base
