// float16, normalising, finite checks and 8-bit codes.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "rhumb/kernels.h"
#include "tests/sdk/kernel_forms.h"

namespace {

constexpr uint64_t kConvertSeed = 7411;

double half_value(uint16_t h) {
  const int exponent = (h >> 10) & 31, mantissa = h & 1023;
  const double magnitude =
      exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return (h & 0x8000) != 0 ? -magnitude : magnitude;
}

// The nearest half by search over all of them, ties to even: slow, and written nothing like the
// kernels.
uint16_t nearest_half(float f) {
  if (std::isnan(f)) return 0x7E00;
  const auto sign = static_cast<uint16_t>(std::signbit(f) ? 0x8000 : 0);
  const double wanted = std::abs(double{f});
  if (wanted >= 65520) return sign | 0x7C00;
  uint16_t low = 0, high = 0x7BFF;
  while (low < high) {  // the largest half <= wanted
    const auto middle = static_cast<uint16_t>((low + high + 1) / 2);
    if (half_value(middle) <= wanted)
      low = middle;
    else
      high = static_cast<uint16_t>(middle - 1);
  }
  const double below = wanted - half_value(low);
  const double above =
      (low == 0x7BFF ? 65536 : half_value(static_cast<uint16_t>(low + 1))) - wanted;
  const bool up = above < below || (above == below && (low & 1) != 0);
  return static_cast<uint16_t>(sign | (up ? low + 1 : low));
}

class Convert : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { ASSERT_EQ(RHUMB_OK, rhumb_kernels_select(GetParam().c_str())); }
  void TearDown() override { ASSERT_EQ(RHUMB_OK, rhumb_kernels_select(nullptr)); }
};

TEST_P(Convert, every_half_becomes_its_float_and_comes_back) {
  std::vector<uint16_t> halves(65536), back(65536);
  std::vector<float> floats(65536);
  for (uint32_t i = 0; i < 65536; ++i) halves[i] = static_cast<uint16_t>(i);
  rhumb_f16_to_f32(halves.data(), floats.data(), halves.size());
  rhumb_f32_to_f16(floats.data(), back.data(), floats.size());
  for (uint32_t i = 0; i < 65536; ++i) {
    if ((i & 0x7C00) == 0x7C00) {
      EXPECT_EQ((i & 0x3FF) != 0, std::isnan(floats[i])) << i;
      EXPECT_EQ((i & 0x3FF) == 0, std::isinf(floats[i])) << i;
      EXPECT_EQ((i & 0x3FF) != 0 ? i | 0x200 : i, back[i])
          << "a NaN is made quiet and keeps its bits";
    } else {
      EXPECT_EQ(half_value(static_cast<uint16_t>(i)), floats[i]) << i;
      EXPECT_EQ(i, back[i]);
    }
  }
}

TEST_P(Convert, floats_round_to_the_nearest_half) {
  std::mt19937_64 rng(kConvertSeed);
  SCOPED_TRACE("seed " + std::to_string(kConvertSeed));
  std::vector<float> in;
  for (float f :
       {0.0f, -0.0f, 65504.0f, 65519.996f, 65520.0f, 1e30f, -1e30f, 0x1p-24f, 0x1p-25f,
        0x1.000002p-25f, 0x1.8p-24f, 0x1p-14f, 0x1.ffcp-15f, 0x1.ffdp-15f, 1e-40f,
        std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
    in.push_back(f);
  }
  // around the range of halves, where rounding has something to decide
  for (int i = 0; i < 50'000; ++i) {
    const auto bits = static_cast<uint32_t>(rng());
    in.push_back(std::bit_cast<float>((bits & 0x807FFFFF) |
                                      ((100 + static_cast<uint32_t>(rng() % 45)) << 23)));
  }
  for (uint32_t h = 0; h < 0x7BFF; h += 13) {  // exact ties
    in.push_back(static_cast<float>(
        (half_value(static_cast<uint16_t>(h)) + half_value(static_cast<uint16_t>(h + 1))) / 2));
  }
  std::vector<uint16_t> out(in.size());
  rhumb_f32_to_f16(in.data(), out.data(), in.size());
  for (size_t i = 0; i < in.size(); ++i) ASSERT_EQ(nearest_half(in[i]), out[i]) << "of " << in[i];
}

TEST_P(Convert, all_finite_finds_a_single_bad_component_anywhere) {
  for (uint64_t n : {1u, 15u, 16u, 64u, 129u}) {
    std::vector<float> v(n, std::numeric_limits<float>::max());
    std::vector<uint16_t> h(n, 0x7BFF);
    EXPECT_EQ(1u, rhumb_all_finite(v.data(), RHUMB_F32, n));
    EXPECT_EQ(1u, rhumb_all_finite(h.data(), RHUMB_F16, n));
    for (uint64_t i = 0; i < n; ++i) {
      for (float bad : {std::nanf(""), std::numeric_limits<float>::infinity(),
                        -std::numeric_limits<float>::infinity()}) {
        v[i] = bad;
        EXPECT_EQ(0u, rhumb_all_finite(v.data(), RHUMB_F32, n)) << i;
      }
      h[i] = 0xFC00;
      EXPECT_EQ(0u, rhumb_all_finite(h.data(), RHUMB_F16, n)) << i;
      v[i] = 0;
      h[i] = 0;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, Convert, testing::ValuesIn(forms()),
                         [](const auto& info) { return info.param; });

TEST(Normalise, yields_length_one_and_tells_the_former_length) {
  std::mt19937_64 rng(kConvertSeed);
  std::normal_distribution<float> normal;
  for (uint32_t dim : {1u, 3u, 8u, 100u, 1536u}) {
    for (float scale : {1.0f, 1e-30f, 1e30f}) {  // squares of these leave the range of floats
      std::vector<float> v(dim);
      double squared = 0;
      for (float& c : v) {
        c = normal(rng) * scale;
        squared += double{c} * c;
      }
      EXPECT_NEAR(1, rhumb_normalise_f32(v.data(), dim) / std::sqrt(squared), 1e-6)
          << dim << " " << scale;
      double length = 0;
      for (float c : v) length += double{c} * c;
      EXPECT_NEAR(1, length, 1e-6) << dim << " " << scale;
    }
  }
}

TEST(Normalise, leaves_zero_alone) {
  std::vector<float> zero(17, 0.0f);
  EXPECT_EQ(0, rhumb_normalise_f32(zero.data(), 17));
  for (float c : zero) EXPECT_EQ(0, c);
}

// Bits pinned: a change here would make two releases disagree about a vector's content.
TEST(Normalise, bits_do_not_change_between_releases) {
  std::vector<float> v(19);
  for (uint32_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(i * i % 23) - 7.25f;
  rhumb_normalise_f32(v.data(), static_cast<uint32_t>(v.size()));
  uint64_t mixed = 0;
  for (float c : v) mixed = mixed * 1099511628211ull + std::bit_cast<uint32_t>(c);
  EXPECT_EQ(11237424047056952u, mixed);
}

TEST(Code, holds_each_component_to_half_a_step) {
  std::mt19937_64 rng(kConvertSeed);
  std::normal_distribution<float> normal;
  for (uint32_t dim : {1u, 15u, 16u, 17u, 255u, 257u, 1000u}) {
    std::vector<float> v(dim);
    double squared = 0;
    for (float& c : v) {
      c = normal(rng);
      squared += double{c} * c;
    }
    std::string code(rhumb_vector_bytes(RHUMB_CODE8, dim), '\x55');
    ASSERT_EQ(RHUMB_OK, rhumb_code_encode(v.data(), RHUMB_F32, dim, code.data()));
    rhumb_code_head_t head;
    std::memcpy(&head, code.data(), sizeof head);
    EXPECT_NEAR(squared, head.square, squared * 1e-6);
    int32_t sum = 0, most = 0;
    for (uint32_t i = 0; i < code.size() - sizeof head; ++i) {
      const auto c = static_cast<int8_t>(code[sizeof head + i]);
      sum += c;
      most = std::max(most, std::abs(int32_t{c}));
      if (i < dim)
        EXPECT_NEAR(v[i], head.scale * c, head.scale * 0.5001);
      else
        EXPECT_EQ(0, c) << "padding";
    }
    EXPECT_EQ(sum, head.sum);
    EXPECT_EQ(127, most) << "the scale uses the whole range";
  }
}

TEST(Code, of_the_three_scalar_types_means_the_same) {
  std::vector<float> v(40);
  std::vector<uint8_t> bytes(40);
  for (uint32_t i = 0; i < 40; ++i) v[i] = bytes[i] = static_cast<uint8_t>(i * 6);
  std::vector<uint16_t> half(40);
  rhumb_f32_to_f16(v.data(), half.data(), 40);  // small integers are exact
  std::string a(rhumb_vector_bytes(RHUMB_CODE8, 40), '\0'), b = a, c = a;
  ASSERT_EQ(RHUMB_OK, rhumb_code_encode(v.data(), RHUMB_F32, 40, a.data()));
  ASSERT_EQ(RHUMB_OK, rhumb_code_encode(half.data(), RHUMB_F16, 40, b.data()));
  ASSERT_EQ(RHUMB_OK, rhumb_code_encode(bytes.data(), RHUMB_U8, 40, c.data()));
  EXPECT_EQ(a, b);
  EXPECT_EQ(a, c);
  EXPECT_EQ(RHUMB_UNSUPPORTED, rhumb_code_encode(bytes.data(), RHUMB_BIT, 40, c.data()));
}

TEST(Code, of_zero_and_of_tiny_vectors_is_zero) {
  for (float value : {0.0f, 1e-45f}) {
    const std::vector<float> v(20, value);
    std::string code(rhumb_vector_bytes(RHUMB_CODE8, 20), '\x55');
    ASSERT_EQ(RHUMB_OK, rhumb_code_encode(v.data(), RHUMB_F32, 20, code.data()));
    EXPECT_EQ(std::string(32, '\0'), code.substr(sizeof(rhumb_code_head_t)));
    EXPECT_EQ(1, rhumb_kernel_for(RHUMB_COSINE, RHUMB_CODE8)->one(code.data(), code.data(), 20));
  }
}

TEST(VectorBytes, are_as_documented) {
  EXPECT_EQ(400u, rhumb_vector_bytes(RHUMB_F32, 100));
  EXPECT_EQ(200u, rhumb_vector_bytes(RHUMB_F16, 100));
  EXPECT_EQ(100u, rhumb_vector_bytes(RHUMB_U8, 100));
  EXPECT_EQ(13u, rhumb_vector_bytes(RHUMB_BIT, 100));
  EXPECT_EQ(16u + 112u, rhumb_vector_bytes(RHUMB_CODE8, 100));
  EXPECT_EQ(0u, rhumb_vector_bytes(99, 100));
}

}  // namespace
