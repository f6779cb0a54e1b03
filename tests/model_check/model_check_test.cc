// Ten thousand random operations with restarts and kills, through REST handler, gateway, worker,
// log and shards: the server must always show what the model has. RHUMB_SOAK runs 20 times as
// many. RHUMB_SEED replays a seed.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "tests/model_check/run.h"

namespace rhumb::model_check {
namespace {

constexpr uint64_t kSeed = 20261121, kOperations = 10'000, kSoakOperations = 200'000;

TEST(ModelCheck, random_operations_with_restarts_agree_with_the_model) {
  const char* seed = std::getenv("RHUMB_SEED");
  RunOptions options;
  options.seed = seed != nullptr ? std::strtoull(seed, nullptr, 10) : kSeed;
  options.operations = std::getenv("RHUMB_SOAK") != nullptr ? kSoakOperations : kOperations;
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  const RunResult result = run(options);
  const double recall = static_cast<double>(result.found) / static_cast<double>(result.possible);
  std::printf(
      "%llu operations, %llu lives, %llu kills (%llu requests cut off had happened), %llu "
      "segments, recall %.4f\n",
      static_cast<unsigned long long>(result.operations),
      static_cast<unsigned long long>(result.lives), static_cast<unsigned long long>(result.kills),
      static_cast<unsigned long long>(result.cut_off),
      static_cast<unsigned long long>(result.segments), recall);
  ASSERT_EQ(result.difference, "");
  EXPECT_GE(result.operations, options.operations);
  EXPECT_GT(result.kills, 20u);
  EXPECT_LT(result.kills, result.lives);
  EXPECT_GT(result.cut_off, 0u);
  EXPECT_LT(result.segments, 20u);  // three shards sealed many more, which were merged
  EXPECT_GE(recall, 0.95);
}

}  // namespace
}  // namespace rhumb::model_check
