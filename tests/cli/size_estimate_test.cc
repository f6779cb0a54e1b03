#include "host/cli/size_estimate.h"

#include <gtest/gtest.h>

namespace rhumb::cli {
namespace {

double memory_of(uint64_t dim, uint64_t scalar_bytes) {
  return estimate_size({.points = 1, .dim = dim, .scalar_bytes = scalar_bytes}).memory_of_point;
}

TEST(SizeEstimate, codes_have_whole_lines_and_bits_from_512_dimensions_on) {
  EXPECT_EQ(memory_of(65, 4), memory_of(128, 4));
  EXPECT_EQ(memory_of(192, 4) - memory_of(128, 4), 64);
  // 512 components of one byte, then 64 bytes of bits and 16 of a tail in whole lines.
  EXPECT_EQ(memory_of(512, 4) - memory_of(448, 4), 64 + 128);
  EXPECT_LT(memory_of(16, 4), memory_of(17, 4));  // 64 bytes and less have no codes
}

TEST(SizeEstimate, replicas_multiply_and_shards_cost_a_little) {
  const SizeEstimate one = estimate_size({.points = 1000, .dim = 64});
  const SizeEstimate two = estimate_size({.points = 1000, .dim = 64, .shards = 2, .replicas = 2});
  EXPECT_EQ(two.disk, 2 * one.disk);
  EXPECT_GT(two.memory, 2 * one.memory);
  EXPECT_EQ(two.disk_of_point, one.disk_of_point);
}

}  // namespace
}  // namespace rhumb::cli
