// Numbers are compared by value. The tests compare with arithmetic that is wide enough for all of
// them.
#include "host/model/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace rhumb::model {
namespace {

// 64 bits of precision on x86 hold every number that occurs here exactly.
static_assert(std::numeric_limits<long double>::digits >= 64);
long double wide(const Number& n) {
  switch (n.kind()) {
    case Number::Kind::kSigned:
      return static_cast<long double>(n.signed_value());
    case Number::Kind::kUnsigned:
      return static_cast<long double>(n.unsigned_value());
    case Number::Kind::kDouble:
      break;
  }
  return static_cast<long double>(n.double_value());
}

std::vector<Number> edges() {
  std::vector<Number> all = {0.0,    -0.0,     0.5,       -0.5, 1e300, -1e300,
                             5e-324, HUGE_VAL, -HUGE_VAL, 0,    0u};
  for (int shift : {0, 1, 31, 52, 53, 54, 62, 63}) {
    for (int64_t near = -3; near <= 3; ++near) {
      const uint64_t power = (uint64_t{1} << shift) + static_cast<uint64_t>(near);
      all.emplace_back(power);
      all.emplace_back(static_cast<int64_t>(power));
      all.emplace_back(-static_cast<double>(power));
      all.emplace_back(static_cast<double>(power));
      all.emplace_back(std::nextafter(static_cast<double>(power), HUGE_VAL));
      all.emplace_back(std::nextafter(-static_cast<double>(power), HUGE_VAL));
    }
  }
  all.emplace_back(std::numeric_limits<uint64_t>::max());
  all.emplace_back(18446744073709551616.0);
  return all;
}

void expect_by_value(const Number& a, const Number& b) {
  const long double x = wide(a), y = wide(b);
  ASSERT_EQ(a < b, x < y) << static_cast<double>(x) << " and " << static_cast<double>(y);
  ASSERT_EQ(a <= b, x <= y);
  ASSERT_EQ(a > b, x > y);
  ASSERT_EQ(a >= b, x >= y);
  ASSERT_EQ(a == b, x == y);
  if (x < y) ASSERT_LE(a.rounded(), b.rounded());
}

TEST(Number, numbers_at_the_edges_are_compared_by_value) {
  const std::vector<Number> all = edges();
  for (const Number& a : all) {
    for (const Number& b : all) ASSERT_NO_FATAL_FAILURE(expect_by_value(a, b));
  }
}

TEST(Number, neighbouring_numbers_are_compared_by_value) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    const uint64_t bits = random() >> random() % 64;
    const Number whole = i % 2 == 0 ? Number(bits) : Number(static_cast<int64_t>(bits));
    const double near = std::nextafter(whole.rounded(), i % 3 == 0 ? HUGE_VAL : -HUGE_VAL);
    for (const double other : {whole.rounded(), near, near + 0.5}) {
      ASSERT_NO_FATAL_FAILURE(expect_by_value(whole, other));
      ASSERT_NO_FATAL_FAILURE(expect_by_value(other, whole));
    }
  }
}

TEST(Number, not_a_number_has_no_order) {
  for (const Number& n : {Number(std::nan("")), Number(1), Number(1u), Number(1.0)}) {
    EXPECT_FALSE(n < std::nan(""));
    EXPECT_FALSE(n >= std::nan(""));
    EXPECT_FALSE(std::nan("") > n);
    EXPECT_FALSE(n == std::nan(""));
  }
}

}  // namespace
}  // namespace rhumb::model
