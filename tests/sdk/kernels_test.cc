// Every form of the distance kernels that this machine can run, against sums in double of the very
// same numbers.
#include "rhumb/kernels.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "tests/sdk/kernel_forms.h"

namespace {

constexpr uint64_t kSeed = 20261120;

// Vectors near a few directions, as embeddings are: low rank, clustered, normalised.
std::vector<float> embedding(std::mt19937_64& rng, uint32_t dim) {
  std::normal_distribution<float> normal;
  constexpr uint32_t kRank = 6;
  float z[kRank];
  for (float& c : z) c = normal(rng) + 0.5f;
  std::vector<float> v(dim);
  for (uint32_t i = 0; i < dim; ++i) {
    for (uint32_t k = 0; k < kRank; ++k)
      v[i] += z[k] * std::sin(0.37f * static_cast<float>(i * (k + 1)) + static_cast<float>(k));
    v[i] += 0.1f * normal(rng);
  }
  rhumb_normalise_f32(v.data(), dim);
  return v;
}

struct Encoded {
  std::string bytes;           // as the kernels read it
  std::vector<double> values;  // what these bytes mean
};

Encoded encode(const std::vector<float>& v, uint32_t scalar) {
  const auto dim = static_cast<uint32_t>(v.size());
  Encoded out{std::string(rhumb_vector_bytes(scalar, dim), '\0'), std::vector<double>(dim)};
  if (scalar == RHUMB_F32) {
    std::memcpy(out.bytes.data(), v.data(), out.bytes.size());
    for (uint32_t i = 0; i < dim; ++i) out.values[i] = v[i];
  } else if (scalar == RHUMB_F16) {
    std::vector<uint16_t> half(dim);
    std::vector<float> back(dim);
    rhumb_f32_to_f16(v.data(), half.data(), dim);
    rhumb_f16_to_f32(half.data(), back.data(), dim);
    std::memcpy(out.bytes.data(), half.data(), out.bytes.size());
    for (uint32_t i = 0; i < dim; ++i) out.values[i] = back[i];
  } else if (scalar == RHUMB_U8) {
    for (uint32_t i = 0; i < dim; ++i) {
      const auto byte = static_cast<uint8_t>(std::clamp(v[i] * 300.0f + 100.0f, 0.0f, 255.0f));
      out.bytes[i] = static_cast<char>(byte);
      out.values[i] = byte;
    }
  } else {
    EXPECT_EQ(RHUMB_OK, rhumb_code_encode(v.data(), RHUMB_F32, dim, out.bytes.data()));
    rhumb_code_head_t head;
    std::memcpy(&head, out.bytes.data(), sizeof head);
    for (uint32_t i = 0; i < dim; ++i)
      out.values[i] = double{head.scale} * static_cast<int8_t>(out.bytes[sizeof head + i]);
  }
  return out;
}

double square_of_code(const std::string& bytes) {
  rhumb_code_head_t head;
  std::memcpy(&head, bytes.data(), sizeof head);
  return head.square;
}

double reference(uint32_t metric, uint32_t scalar, const Encoded& a, const Encoded& b) {
  double product = 0, aa = 0, bb = 0, l2 = 0, l1 = 0;
  for (size_t i = 0; i < a.values.size(); ++i) {
    const double x = a.values[i], y = b.values[i];
    product += x * y;
    aa += x * x;
    bb += y * y;
    l2 += (x - y) * (x - y);
    l1 += std::abs(x - y);
  }
  if (scalar == RHUMB_CODE8) {
    aa = square_of_code(a.bytes);
    bb = square_of_code(b.bytes);
    l2 = std::max(0.0, aa + bb - 2 * product);
  }
  switch (metric) {
    case RHUMB_COSINE:
      if (scalar == RHUMB_F32 || scalar == RHUMB_F16) return 1 - product;
      return aa * bb > 0 ? 1 - product / std::sqrt(aa * bb) : 1;
    case RHUMB_DOT:
      return -product;
    case RHUMB_EUCLID:
      return l2;
    default:
      return l1;
  }
}

// How far a f32 sum of terms of about this size may stray.
double tolerance(uint32_t metric, double expected, uint32_t dim) {
  const double unit = metric == RHUMB_MANHATTAN || metric == RHUMB_EUCLID
                          ? std::abs(expected)
                          : std::max(1.0, std::abs(expected));
  return unit * 1e-6 * (1 + std::sqrt(static_cast<double>(dim)) / 8) + 1e-7;
}

// Puts bytes at an address that is off by `shift`, with nothing after them, so that a sanitizer
// sees a read too far.
struct Placed {
  Placed(const std::string& bytes, size_t shift)
      : storage(shift + bytes.size()), data(storage.data() + shift) {
    std::memcpy(data, bytes.data(), bytes.size());
  }
  std::vector<char> storage;
  char* data;
};

class Kernels : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { ASSERT_EQ(RHUMB_OK, rhumb_kernels_select(GetParam().c_str())); }
  void TearDown() override { ASSERT_EQ(RHUMB_OK, rhumb_kernels_select(nullptr)); }
};

TEST_P(Kernels, one_agrees_with_double_for_every_dim_and_alignment) {
  std::mt19937_64 rng(kSeed);
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  for (uint32_t scalar :
       {uint32_t{RHUMB_F32}, uint32_t{RHUMB_F16}, uint32_t{RHUMB_U8}, uint32_t{RHUMB_CODE8}}) {
    for (uint32_t dim = 1; dim <= 257; ++dim) {
      const Encoded a = encode(embedding(rng, dim), scalar),
                    b = encode(embedding(rng, dim), scalar);
      const Placed pa(a.bytes, dim % 7), pb(b.bytes, (dim * 3 + 1) % 5);
      for (uint32_t metric : kMetrics) {
        const rhumb_kernel_t* kernel = rhumb_kernel_for(metric, scalar);
        ASSERT_NE(nullptr, kernel);
        const double expected = reference(metric, scalar, a, b);
        ASSERT_NEAR(expected, kernel->one(pa.data, pb.data, dim), tolerance(metric, expected, dim))
            << "metric " << metric << " scalar " << scalar << " dim " << dim;
        ASSERT_EQ(kernel->one(pa.data, pb.data, dim), kernel->one(pb.data, pa.data, dim))
            << "not symmetric";
      }
    }
  }
}

TEST_P(Kernels, rows_and_slots_answer_the_bits_of_one) {
  std::mt19937_64 rng(kSeed + 1);
  constexpr uint32_t kRows = 37, kShift = 3;
  for (uint32_t scalar :
       {uint32_t{RHUMB_F32}, uint32_t{RHUMB_F16}, uint32_t{RHUMB_U8}, uint32_t{RHUMB_CODE8}}) {
    for (uint32_t dim : {1u, 7u, 16u, 63u, 100u, 128u, 255u, 768u}) {
      const uint64_t bytes = rhumb_vector_bytes(scalar, dim), stride = bytes + dim % 3;
      // Chunks of eight rows, the last one cut short after its last row.
      std::vector<std::vector<char>> chunks((kRows + 7) / 8);
      std::vector<char> flat((kRows - 1) * stride + bytes);
      std::vector<const void*> table;
      for (uint32_t c = 0; c < chunks.size(); ++c) {
        const uint32_t rows = std::min(8u, kRows - c * 8);
        chunks[c].resize((rows - 1) * stride + bytes);
        for (uint32_t r = 0; r < rows; ++r) {
          const Encoded row = encode(embedding(rng, dim), scalar);
          std::memcpy(chunks[c].data() + r * stride, row.bytes.data(), bytes);
          std::memcpy(flat.data() + (c * 8 + r) * stride, row.bytes.data(), bytes);
        }
        table.push_back(chunks[c].data());
      }
      const rhumb_vectors_t column{
          sizeof(rhumb_vectors_t), scalar, dim, kShift, kRows, stride, table.data(), nullptr};
      const Encoded query = encode(embedding(rng, dim), scalar);
      for (uint32_t metric : kMetrics) {
        const rhumb_kernel_t* kernel = rhumb_kernel_for(metric, scalar);
        for (uint32_t n = 0; n <= kRows; ++n) {
          std::vector<float> by_rows(n), by_slots(n);
          std::vector<uint32_t> slots(n);
          for (uint32_t i = 0; i < n; ++i) slots[i] = (i * 11 + n) % kRows;
          kernel->rows(query.bytes.data(), flat.data(), stride, n, dim, by_rows.data());
          kernel->slots(query.bytes.data(), &column, slots.data(), n, by_slots.data());
          for (uint32_t i = 0; i < n; ++i) {
            ASSERT_EQ(kernel->one(query.bytes.data(), flat.data() + i * stride, dim), by_rows[i])
                << "row " << i << " of " << n;
            ASSERT_EQ(kernel->one(query.bytes.data(), flat.data() + slots[i] * stride, dim),
                      by_slots[i])
                << "slot " << slots[i];
          }
        }
      }
    }
  }
}

TEST_P(Kernels, integers_do_not_overflow_at_the_largest_dim) {
  constexpr uint32_t kDim = 65536;
  const std::string high(kDim, '\xFF'), low(kDim, '\0');
  EXPECT_EQ(-255.0 * 255 * kDim,
            rhumb_kernel_for(RHUMB_DOT, RHUMB_U8)->one(high.data(), high.data(), kDim));
  EXPECT_EQ(255.0 * 255 * kDim,
            rhumb_kernel_for(RHUMB_EUCLID, RHUMB_U8)->one(high.data(), low.data(), kDim));
  EXPECT_EQ(255.0 * kDim,
            rhumb_kernel_for(RHUMB_MANHATTAN, RHUMB_U8)->one(low.data(), high.data(), kDim));
  EXPECT_NEAR(0, rhumb_kernel_for(RHUMB_COSINE, RHUMB_U8)->one(high.data(), high.data(), kDim),
              1e-6);
  EXPECT_EQ(1, rhumb_kernel_for(RHUMB_COSINE, RHUMB_U8)->one(low.data(), high.data(), kDim));

  const std::vector<float> plus(kDim, 2.0f), minus(kDim, -2.0f);
  const Encoded p = encode(plus, RHUMB_CODE8), m = encode(minus, RHUMB_CODE8);
  const rhumb_kernel_t* dot = rhumb_kernel_for(RHUMB_DOT, RHUMB_CODE8);
  EXPECT_FLOAT_EQ(-4.0f * kDim, dot->one(p.bytes.data(), p.bytes.data(), kDim));
  EXPECT_FLOAT_EQ(4.0f * kDim, dot->one(p.bytes.data(), m.bytes.data(), kDim));
  EXPECT_FLOAT_EQ(-4.0f * kDim, dot->one(m.bytes.data(), m.bytes.data(), kDim));
}

TEST_P(Kernels, hamming_counts_differing_bits) {
  std::mt19937_64 rng(kSeed + 2);
  const rhumb_kernel_t* hamming = rhumb_kernel_for(RHUMB_HAMMING, RHUMB_BIT);
  ASSERT_NE(nullptr, hamming);
  for (uint32_t dim = 1; dim <= 600; dim += 7) {
    std::string a(rhumb_vector_bytes(RHUMB_BIT, dim), '\0'), b = a;
    uint32_t differing = 0;
    for (uint32_t i = 0; i < dim; ++i) {
      const bool x = (rng() & 1) != 0, y = (rng() & 3) == 0;
      if (x) a[i / 8] = static_cast<char>(a[i / 8] | (1 << (i % 8)));
      if (y) b[i / 8] = static_cast<char>(b[i / 8] | (1 << (i % 8)));
      differing += x != y ? 1 : 0;
    }
    const Placed pa(a, dim % 3), pb(b, dim % 5);
    ASSERT_EQ(static_cast<float>(differing), hamming->one(pa.data, pb.data, dim)) << "dim " << dim;
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, Kernels, testing::ValuesIn(forms()),
                         [](const auto& info) { return info.param; });

TEST(KernelLookup, knows_what_goes_together) {
  EXPECT_EQ(nullptr, rhumb_kernel_for(RHUMB_HAMMING, RHUMB_F32));
  EXPECT_EQ(nullptr, rhumb_kernel_for(RHUMB_DOT, RHUMB_BIT));
  EXPECT_EQ(nullptr, rhumb_kernel_for(0, RHUMB_F32));
  EXPECT_EQ(nullptr, rhumb_kernel_for(RHUMB_DOT, 99));
  for (uint32_t metric : kMetrics) {
    for (uint32_t scalar :
         {uint32_t{RHUMB_F32}, uint32_t{RHUMB_F16}, uint32_t{RHUMB_U8}, uint32_t{RHUMB_CODE8}}) {
      const rhumb_kernel_t* kernel = rhumb_kernel_for(metric, scalar);
      ASSERT_NE(nullptr, kernel);
      EXPECT_EQ(metric, kernel->metric);
      EXPECT_EQ(scalar, kernel->scalar);
    }
  }
}

TEST(KernelLookup, selects_by_name_and_by_environment) {
  EXPECT_EQ(RHUMB_NOT_FOUND, rhumb_kernels_select("mmx"));
  ASSERT_EQ(RHUMB_OK, rhumb_kernels_select("portable"));
  EXPECT_STREQ("portable", rhumb_kernels_name());
  EXPECT_EQ(RHUMB_NOT_FOUND, rhumb_kernels_select("mmx")) << "and a refusal changes nothing";
  EXPECT_STREQ("portable", rhumb_kernels_name());
  ASSERT_EQ(RHUMB_OK, rhumb_kernels_select(""));
  EXPECT_STREQ(rhumb_kernels_available(0), rhumb_kernels_name());
  ASSERT_EQ(0, setenv("RHUMB_KERNELS", "portable", 1));
  EXPECT_EQ(RHUMB_OK, rhumb_kernels_select_from_environment());
  EXPECT_STREQ("portable", rhumb_kernels_name());
  ASSERT_EQ(0, setenv("RHUMB_KERNELS", "mmx", 1));
  EXPECT_EQ(RHUMB_NOT_FOUND, rhumb_kernels_select_from_environment());
  ASSERT_EQ(0, unsetenv("RHUMB_KERNELS"));
  ASSERT_EQ(RHUMB_OK, rhumb_kernels_select(nullptr));
}

}  // namespace
