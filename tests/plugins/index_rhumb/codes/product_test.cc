// Product quantization by itself.
#include "plugins/index_rhumb/codes/product.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace rhumb::coded {
namespace {

void one_by_one(uint64_t n, const std::function<void(uint64_t)>& fn) {
  for (uint64_t i = 0; i < n; ++i) fn(i);
}

std::vector<uint8_t> clustered(uint32_t rows, uint32_t width, uint32_t clusters, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint8_t> centres(clusters * width), codes;
  for (uint8_t& c : centres) c = static_cast<uint8_t>(10 + random() % 108);
  for (uint32_t r = 0; r < rows; ++r) {
    const uint32_t cluster = static_cast<uint32_t>(random() % clusters);
    for (uint32_t d = 0; d < width; ++d)
      codes.push_back(static_cast<uint8_t>(centres[cluster * width + d] + random() % 5));
  }
  return codes;
}

double error_of(const Product& product, const std::vector<uint8_t>& codes, uint32_t width) {
  std::vector<uint8_t> packed(product.code_bytes()), decoded(width);
  double sum = 0;
  for (size_t at = 0; at < codes.size(); at += width) {
    product.encode(codes.data() + at, kPortableKernels, packed.data());
    product.decode(packed.data(), decoded.data());
    for (uint32_t d = 0; d < width; ++d)
      sum += (codes[at + d] - decoded[d]) * (codes[at + d] - decoded[d]);
  }
  return sum / static_cast<double>(codes.size());
}

TEST(Product, training_finds_the_clusters) {
  constexpr uint32_t kWidth = 64;
  // Each component has five values and a variance of two.
  const auto codes = clustered(1500, kWidth, 40, 101);
  for (const uint32_t sub : {4u, 16u}) {
    const Product product =
        Product::train(codes.data(), 1500, kWidth, sub, 1, kPortableKernels, one_by_one);
    EXPECT_EQ(product.code_bytes(), kWidth / sub);
    EXPECT_LT(error_of(product, codes, kWidth), 2.2) << "runs of " << sub;
    for (const uint8_t c : product.book()) EXPECT_LE(c, kCodeMax);
  }
}

TEST(Product, more_rounds_do_not_raise_the_error) {
  constexpr uint32_t kWidth = 64;
  std::mt19937_64 random(102);
  std::vector<uint8_t> codes(2000 * kWidth);
  for (uint8_t& c : codes) c = static_cast<uint8_t>(random() % 128);
  // With 256 centroids for four evenly distributed components nothing is better than a lattice of
  // four values each, 32 wide, whose error is 32 squared / 12.
  const Product product =
      Product::train(codes.data(), 2000, kWidth, 4, 1, kPortableKernels, one_by_one);
  EXPECT_LT(error_of(product, codes, kWidth), 32.0 * 32 / 12 * 1.1);
}

TEST(Product, the_same_seed_gives_the_same_book) {
  const auto codes = clustered(300, 64, 20, 103);
  const auto train = [&](uint64_t seed) {
    return Product::train(codes.data(), 300, 64, 4, seed, kPortableKernels, one_by_one).book();
  };
  EXPECT_EQ(train(5), train(5));
  EXPECT_NE(train(5), train(6));
}

TEST(Product, every_form_of_kernels_learns_the_same_book) {
  const auto codes = clustered(300, 64, 20, 104);
  const auto plain =
      Product::train(codes.data(), 300, 64, 8, 1, kPortableKernels, one_by_one).book();
  for (uint32_t i = 0; const Kernels* kernels = kernels_available(i); ++i) {
    EXPECT_EQ(Product::train(codes.data(), 300, 64, 8, 1, *kernels, one_by_one).book(), plain)
        << kernels->name;
  }
}

TEST(Product, training_on_nothing_does_no_harm) {
  const Product product = Product::train(nullptr, 0, 64, 4, 1, kPortableKernels, one_by_one);
  std::vector<uint8_t> code(64, 3), packed(16), decoded(64);
  product.encode(code.data(), kPortableKernels, packed.data());
  product.decode(packed.data(), decoded.data());
  EXPECT_LE(*std::max_element(decoded.begin(), decoded.end()), kCodeMax);
}

}  // namespace
}  // namespace rhumb::coded
