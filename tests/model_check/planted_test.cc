// The same run must find a fault if there is one. Three faults are planted, one at a time, into
// objects that are compiled anew for this test.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>

#include "host/base/planted.h"
#include "tests/model_check/run.h"

namespace rhumb::base {
namespace {

std::atomic<Bug> g_planted{Bug::kNone};
std::atomic<uint32_t> g_calls{0};
constexpr uint32_t kEvery = 23;  // one call in this many is wrong, so that most of the run is right

}  // namespace

bool planted(Bug bug) {
  return g_planted.load() == bug && g_calls.fetch_add(1) % kEvery == kEvery - 1;
}

}  // namespace rhumb::base

namespace rhumb::model_check {
namespace {

constexpr uint64_t kSeed = 7, kOperations = 5'000;

RunResult run_with(base::Bug bug) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  RunOptions options{kSeed, kOperations, [bug] { base::g_planted.store(bug); }};
  const RunResult result = run(options);
  std::printf("%s\n", result.difference.substr(0, 400).c_str());
  return result;
}

TEST(PlantedBugs, without_a_planted_fault_none_is_found) {
  EXPECT_EQ(run_with(base::Bug::kNone).difference, "");
}
TEST(PlantedBugs, a_lost_live_bit_is_found) {
  EXPECT_NE(run_with(base::Bug::kLostLiveBit).difference, "");
}
TEST(PlantedBugs, a_lost_override_is_found) {
  EXPECT_NE(run_with(base::Bug::kLostOverride).difference, "");
}
TEST(PlantedBugs, a_stale_view_is_found) {
  EXPECT_NE(run_with(base::Bug::kStaleView).difference, "");
}

}  // namespace
}  // namespace rhumb::model_check
