// Numbers at the edges of float32: every answer of a kernel is finite and in order, whatever the
// bits of the vectors.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "rhumb/cpp/top_k.h"
#include "rhumb/kernels.h"
#include "tests/odd_numbers.h"
#include "tests/sdk/kernel_forms.h"

namespace {

constexpr uint64_t kNumbersSeed = 20261129;
constexpr float kMost = std::numeric_limits<float>::max(),
                kInfinity = std::numeric_limits<float>::infinity();

// finite: only what the host stores.
std::string odd_row(std::mt19937_64& rng, uint32_t scalar, uint32_t dim, bool finite) {
  std::vector<float> words(dim);
  for (float& word : words)
    word = finite ? rhumb::test::odd_finite_float(rng) : rhumb::test::odd_float(rng);
  std::string out(rhumb_vector_bytes(scalar, dim), '\0');
  if (scalar == RHUMB_F32) {
    std::memcpy(out.data(), words.data(), out.size());
  } else if (scalar == RHUMB_CODE8) {
    EXPECT_EQ(RHUMB_OK, rhumb_code_encode(words.data(), RHUMB_F32, dim, out.data()));
  } else {
    for (char& byte : out) byte = static_cast<char>(rng());
  }
  return out;
}

class Numbers : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { ASSERT_EQ(RHUMB_OK, rhumb_kernels_select(GetParam().c_str())); }
  void TearDown() override { ASSERT_EQ(RHUMB_OK, rhumb_kernels_select(nullptr)); }
};

TEST_P(Numbers, any_bits_give_finite_distances_and_the_same_ones_three_times) {
  std::mt19937_64 rng(kNumbersSeed);
  constexpr uint32_t kRows = 21, kShift = 2;
  for (const uint32_t scalar :
       {uint32_t{RHUMB_F32}, uint32_t{RHUMB_F16}, uint32_t{RHUMB_U8}, uint32_t{RHUMB_CODE8}}) {
    for (const uint32_t dim : {1u, 2u, 3u, 5u, 16u, 33u, 130u}) {
      const uint64_t bytes = rhumb_vector_bytes(scalar, dim);
      std::string rows;
      for (uint32_t r = 0; r < kRows; ++r) rows += odd_row(rng, scalar, dim, scalar == RHUMB_CODE8);
      std::vector<const void*> chunks;
      for (uint32_t r = 0; r < kRows; r += 1u << kShift) chunks.push_back(rows.data() + r * bytes);
      const rhumb_vectors_t column{sizeof(rhumb_vectors_t), scalar, dim, kShift, kRows, bytes,
                                   chunks.data(),           nullptr};
      std::vector<uint32_t> slots(kRows);
      for (uint32_t i = 0; i < kRows; ++i) slots[i] = (i * 8 + 5) % kRows;
      for (const uint32_t metric : kMetrics) {
        const rhumb_kernel_t* kernel = rhumb_kernel_for(metric, scalar);
        for (uint32_t q = 0; q < kRows; ++q) {
          const char* const query = rows.data() + q * bytes;
          std::vector<float> by_rows(kRows), by_slots(kRows);
          kernel->rows(query, rows.data(), bytes, kRows, dim, by_rows.data());
          kernel->slots(query, &column, slots.data(), kRows, by_slots.data());
          for (uint32_t r = 0; r < kRows; ++r) {
            const float one = kernel->one(query, rows.data() + r * bytes, dim);
            ASSERT_TRUE(std::isfinite(one))
                << "metric " << metric << " scalar " << scalar << " dim " << dim;
            ASSERT_EQ(one, kernel->one(rows.data() + r * bytes, query, dim)) << "not symmetric";
            ASSERT_EQ(one, by_rows[r]);
            ASSERT_EQ(kernel->one(query, rows.data() + slots[r] * bytes, dim), by_slots[r]);
          }
        }
      }
    }
  }
}

double exact(uint32_t metric, const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    sum += metric == RHUMB_EUCLID      ? (x - y) * (x - y)
           : metric == RHUMB_MANHATTAN ? std::abs(x - y)
                                       : x * y;
  }
  return metric == RHUMB_DOT ? -sum : sum;
}

// What a distance is read as, and what it should be: of a square its root, and nothing beyond
// float32.
double read_as(uint32_t metric, float distance) {
  return metric == RHUMB_EUCLID ? std::sqrt(rhumb_square_decode(distance))
                                : static_cast<double>(distance);
}
double bounded(uint32_t metric, double sum) {
  return metric == RHUMB_EUCLID ? std::sqrt(sum) : std::clamp(sum, -double{kMost}, double{kMost});
}

TEST_P(Numbers, components_of_any_size_give_distances_that_are_right) {
  std::mt19937_64 rng(kNumbersSeed + 1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (const int exponent :
       {-149, -140, -126, -90, -60, -51, -40, 0, 40, 52, 53, 63, 64, 90, 120, 127}) {
    for (const uint32_t dim : {2u, 9u, 64u, 100u}) {
      std::vector<float> a(dim), b(dim);
      for (float& c : a) c = std::ldexp(uniform(rng), exponent);
      for (float& c : b) c = std::ldexp(uniform(rng), exponent);
      for (const uint32_t metric :
           {uint32_t{RHUMB_DOT}, uint32_t{RHUMB_EUCLID}, uint32_t{RHUMB_MANHATTAN}}) {
        const float distance = rhumb_kernel_for(metric, RHUMB_F32)->one(a.data(), b.data(), dim);
        const double right = bounded(metric, exact(metric, a, b));
        // a product's error is by its terms
        const double terms = bounded(RHUMB_DOT, std::ldexp(static_cast<double>(dim), 2 * exponent));
        const double off = metric == RHUMB_DOT ? 1e-6 * terms + 1e-44 : 2e-6 * right + 1e-44;
        ASSERT_NEAR(right, read_as(metric, distance), off)
            << "metric " << metric << " 2^" << exponent << " dim " << dim;
      }
    }
  }
}

TEST_P(Numbers, products_that_cancel_beyond_float32_are_taken_in_double) {
  const rhumb_kernel_t* dot = rhumb_kernel_for(RHUMB_DOT, RHUMB_F32);
  const std::vector<float> query = {4, -4, 3, 0}, cancels = {2.5e38f, 2.5e38f, 2, 0},
                           above = {2.5e38f, -2.5e38f, 0, 0}, below = {-2.5e38f, 2.5e38f, 0, 0};
  EXPECT_EQ(-6.0f, dot->one(query.data(), cancels.data(), 4)) << "infinity less infinity";
  EXPECT_EQ(-kMost, dot->one(query.data(), above.data(), 4));
  EXPECT_EQ(kMost, dot->one(query.data(), below.data(), 4));
  const std::vector<float> no_number = {std::numeric_limits<float>::quiet_NaN(), 1, 1, 1};
  for (const uint32_t metric : kMetrics)
    EXPECT_EQ(kMost, rhumb_kernel_for(metric, RHUMB_F32)->one(query.data(), no_number.data(), 4));
}

TEST_P(Numbers, long_and_short_vectors_stand_in_the_order_of_their_distances) {
  const rhumb_kernel_t* euclid = rhumb_kernel_for(RHUMB_EUCLID, RHUMB_F32);
  const std::vector<float> origin(3);
  float before = -1;
  for (const float length : {0.0f, 1e-45f, 3e-42f, 2e-38f, 5e-30f, 1e-17f, 1.5e-10f, 1.0f, 7e14f,
                             1e16f, 2e19f, 2.001e19f, 4e30f, 1.7e38f, 3e38f, 3.4e38f}) {
    const std::vector<float> row = {0, length, 0};
    const float distance = euclid->one(origin.data(), row.data(), 3);
    EXPECT_GT(distance, before) << length;
    EXPECT_NEAR(double{length}, read_as(RHUMB_EUCLID, distance), 1e-6 * double{length}) << length;
    before = distance;
  }
}

TEST_P(Numbers, codes_of_huge_vectors_do_not_rank_first) {
  constexpr uint32_t kDim = 20;
  const auto code = [](float component) {
    const std::vector<float> row(kDim, component);
    std::string out(rhumb_vector_bytes(RHUMB_CODE8, kDim), '\0');
    EXPECT_EQ(RHUMB_OK, rhumb_code_encode(row.data(), RHUMB_F32, kDim, out.data()));
    return out;
  };
  const std::string query = code(1e20f), same = code(1.01e20f), far = code(-3e38f);
  const rhumb_kernel_t* euclid = rhumb_kernel_for(RHUMB_EUCLID, RHUMB_CODE8);
  EXPECT_LT(euclid->one(query.data(), same.data(), kDim),
            euclid->one(query.data(), far.data(), kDim));
  EXPECT_EQ(kMost, rhumb_kernel_for(RHUMB_DOT, RHUMB_CODE8)->one(query.data(), far.data(), kDim));
}

TEST_P(Numbers, codes_of_tiny_vectors_tell_them_apart) {
  constexpr uint32_t kDim = 20;
  const rhumb_kernel_t* euclid = rhumb_kernel_for(RHUMB_EUCLID, RHUMB_CODE8);
  for (const float scale : {1e-19f, 1e-25f, 1e-36f, 1e-40f}) {
    const auto code = [scale](float first) {
      std::vector<float> row(kDim, scale);
      row[0] *= first;
      std::string out(rhumb_vector_bytes(RHUMB_CODE8, kDim), '\0');
      EXPECT_EQ(RHUMB_OK, rhumb_code_encode(row.data(), RHUMB_F32, kDim, out.data()));
      return out;
    };
    const std::string query = code(1);
    float before = -1;
    for (const float first : {1.0f, 1.5f, 2.0f, 3.0f, 9.0f}) {
      const float distance = euclid->one(query.data(), code(first).data(), kDim);
      EXPECT_GT(distance, before) << "scale " << scale << " first " << first;
      EXPECT_NEAR((first - 1) * scale, std::sqrt(rhumb_square_decode(distance)),
                  0.15 * first * scale)
          << "scale " << scale << " first " << first;
      before = distance;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, Numbers, testing::ValuesIn(forms()),
                         [](const auto& info) { return info.param; });

TEST(SquareEncoding, keeps_the_order_of_squares_and_reads_them_back) {
  std::mt19937_64 rng(kNumbersSeed + 2);
  std::uniform_real_distribution<double> exponents(-297, 273);
  std::vector<double> squares = {0, 0x1p-298, 0x1p-102, 0x1p106, 0x1p274};
  for (int i = 0; i < 20000; ++i) squares.push_back(std::exp2(exponents(rng)));
  std::sort(squares.begin(), squares.end());
  float before = 0;
  for (const double square : squares) {
    const float encoded = rhumb_square_encode(square);
    ASSERT_TRUE(std::isfinite(encoded));
    ASSERT_GE(encoded, before) << square;
    ASSERT_NEAR(square, rhumb_square_decode(encoded), square * 5e-7) << square;
    before = encoded;
  }
  EXPECT_EQ(0.0f, rhumb_square_encode(-1));
  EXPECT_GT(rhumb_square_encode(5e-324), 0.0f);
  for (const double far : {1e300, double{kInfinity}, std::nan("7"), -std::nan("1")})
    EXPECT_EQ(kMost, rhumb_square_encode(far));
  for (const float odd : {kInfinity, std::nanf("7"), -kInfinity, -1.0f})
    EXPECT_TRUE(std::isfinite(rhumb_square_decode(odd)));
}

TEST(FiniteNumber, keeps_the_sign_and_puts_nan_last) {
  EXPECT_EQ(kMost, rhumb_finite_f32(1e39));
  EXPECT_EQ(-kMost, rhumb_finite_f32(-double{kInfinity}));
  EXPECT_EQ(kMost, rhumb_finite_f32(-std::nan("")));
  EXPECT_EQ(1.5f, rhumb_finite_f32(1.5));
}

// Sorting by these keys needs no trust in the distances: keys are integers, and of every bit
// pattern there is one.
TEST(HitKey, orders_all_bit_patterns_and_is_always_finite) {
  std::mt19937_64 rng(kNumbersSeed + 3);
  for (int i = 0; i < 100000; ++i) {
    const float a = rhumb::test::odd_float(rng), b = rhumb::test::odd_float(rng);
    const rhumb::HitKey x = rhumb::hit_key(a, 7), y = rhumb::hit_key(b, 7);
    ASSERT_TRUE(std::isfinite(rhumb::hit_distance(x)));
    ASSERT_EQ(7u, rhumb::hit_slot(x));
    if (a < b) ASSERT_LE(x, y);
    if (std::isfinite(a) && std::isfinite(b)) ASSERT_EQ(a < b, x < y);
    if (std::isnan(a)) ASSERT_GE(x, y) << "a NaN is the farthest";
  }
}

}  // namespace
