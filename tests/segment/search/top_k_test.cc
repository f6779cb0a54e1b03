// The best hits are the same in any order of pushing, for any distances.
#include "host/segment/search/top_k.h"

#include <gtest/gtest.h>

#include "tests/odd_numbers.h"

namespace rhumb::segment::test {
namespace {

using rhumb::test::odd_float;
using rhumb::test::order_fault;

constexpr uint64_t kTopKSeed = 41;

TEST(TopKTest, hits_of_any_bits_have_one_order) {
  std::mt19937_64 random(kTopKSeed);
  std::vector<Hit> hits;
  for (int i = 0; i < 120; ++i)
    hits.push_back({odd_float(random), static_cast<uint32_t>(random() % 3)});
  EXPECT_EQ(order_fault(hits, std::less<Hit>()), "");
  for (const Hit& a : hits) {
    for (const Hit& b : hits) ASSERT_EQ(a == b, !(a < b) && !(b < a));
  }
}

TEST(TopKTest, the_best_do_not_depend_on_the_order_of_pushing_and_a_nan_is_the_last) {
  std::mt19937_64 random(kTopKSeed + 1);
  for (int round = 0; round < 200; ++round) {
    std::vector<Hit> hits;
    const uint32_t n = 1 + static_cast<uint32_t>(random() % 90);
    for (uint32_t slot = 0; slot < n; ++slot) hits.push_back({odd_float(random), slot});
    const size_t k = random() % 40;
    TopK top(k);
    std::shuffle(hits.begin(), hits.end(), random);
    for (const Hit& hit : hits) top.push(hit);
    const auto best = top.take();
    std::sort(hits.begin(), hits.end());
    hits.resize(std::min<size_t>(k, n));
    ASSERT_EQ(best, hits) << "round " << round;
    const auto no_number = [](const Hit& hit) { return std::isnan(hit.distance); };
    ASSERT_TRUE(std::is_partitioned(best.begin(), best.end(), std::not_fn(no_number)));
  }
}

}  // namespace
}  // namespace rhumb::segment::test
