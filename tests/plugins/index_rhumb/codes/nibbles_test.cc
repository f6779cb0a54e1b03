// Codes of four bits: the levels are the best ones, and packing loses only the difference to the
// nearest level.
#include "plugins/index_rhumb/codes/nibbles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace rhumb::coded {
namespace {

double error_of(const Histogram& codes, const Levels& levels) {
  const auto nearest = nearest_levels(levels);
  double sum = 0, rows = 0;
  for (uint32_t c = 0; c < codes.size(); ++c) {
    const double apart = static_cast<double>(c) - levels[nearest[c]];
    sum += static_cast<double>(codes[c]) * apart * apart;
    rows += static_cast<double>(codes[c]);
  }
  return sum / rows;
}

TEST(Nibbles, levels_of_a_normal_distribution_are_those_of_max) {
  std::mt19937_64 random(81);
  std::normal_distribution<double> normal(64, 63.5 / 4);
  Histogram codes{};
  for (int i = 0; i < 200'000; ++i)
    ++codes[static_cast<size_t>(std::clamp(normal(random) + 0.5, 0.0, 127.0))];
  const Levels levels = best_levels(codes);
  EXPECT_TRUE(std::is_sorted(levels.begin(), levels.end()));
  // Max, 1960: sixteen levels leave 0.009497 of the variance. Here the levels are rounded to whole
  // codes.
  EXPECT_LT(error_of(codes, levels) / (63.5 / 4 * 63.5 / 4), 0.0102);
}

TEST(Nibbles, a_few_different_values_are_kept_exactly) {
  Histogram codes{};
  for (uint32_t c = 0; c < 16; ++c) codes[8 * c + c % 3] = 1 + c;
  EXPECT_EQ(error_of(codes, best_levels(codes)), 0);
  codes.fill(0);
  codes[77] = 5;
  EXPECT_EQ(error_of(codes, best_levels(codes)), 0);
  codes.fill(0);
  EXPECT_LE(best_levels(codes).back(), kCodeMax) << "nothing known";
}

TEST(Nibbles, an_unpacked_component_is_the_nearest_level) {
  std::mt19937_64 random(82);
  Histogram even;
  even.fill(1);
  const Levels levels = best_levels(even);
  std::vector<uint8_t> codes(320), packed(160), again(320);
  for (uint8_t& c : codes) c = static_cast<uint8_t>(random() % 128);
  pack(codes.data(), 320, nearest_levels(levels), packed.data());
  unpack(packed.data(), 320, levels, again.data());
  for (size_t i = 0; i < codes.size(); ++i) {
    int least = 128;
    for (const uint8_t level : levels)
      least = std::min(least, std::abs(int{level} - int{codes[i]}));
    EXPECT_EQ(std::abs(int{again[i]} - int{codes[i]}), least) << i;
  }
}

}  // namespace
}  // namespace rhumb::coded
