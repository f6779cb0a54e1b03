// Which segments are merged, by their sizes and dead rows.
#include <gtest/gtest.h>

#include "host/shard/background/merge_plan.h"

namespace rhumb::shard {
namespace {

using Kind = MergePlan::Kind;
using Ids = std::vector<uint32_t>;

MergeLimits limits() {
  MergeLimits limits;
  limits.dead_share = 0.2;
  limits.dead_rows = 1000;
  limits.dead_bytes = 1 << 20;
  limits.fan_in = 4;
  limits.max_rows = 1 << 20;
  limits.max_bytes = 1 << 30;
  return limits;
}

MergeCandidate sealed(uint32_t id, uint64_t rows, uint64_t live) {
  return {id, rows, live, rows * 100, 0, true, false};
}

TEST(MergePlan, nothing_is_done_without_dead_rows) {
  const std::vector<MergeCandidate> all{sealed(1, 100'000, 100'000), sealed(2, 100'000, 81'000)};
  EXPECT_EQ(plan_merge(all, limits()).kind, Kind::kNothing);
  EXPECT_EQ(plan_merge({}, limits()).kind, Kind::kNothing);
}

TEST(MergePlan, segments_without_live_rows_are_dropped_first) {
  const std::vector<MergeCandidate> all{sealed(1, 5000, 0), sealed(2, 5000, 100), sealed(3, 10, 0)};
  const MergePlan plan = plan_merge(all, limits());
  EXPECT_EQ(plan.kind, Kind::kDrop);
  EXPECT_EQ(plan.inputs, (Ids{1, 3}));
}

TEST(MergePlan, a_growing_segment_with_dead_rows_is_closed) {
  const std::vector<MergeCandidate> all{{7, 10'000, 7'000, 1'000'000, 0, false, true}};
  const MergePlan plan = plan_merge(all, limits());
  EXPECT_EQ(plan.kind, Kind::kClose);
  EXPECT_EQ(plan.inputs, (Ids{7}));
  const std::vector<MergeCandidate> closed{{7, 10'000, 7'000, 1'000'000, 0, false, false}};
  EXPECT_EQ(plan_merge(closed, limits()).kind, Kind::kNothing) << "it is about to be sealed";
}

TEST(MergePlan, dead_rows_count_by_share_and_by_number_or_bytes) {
  EXPECT_EQ(plan_merge(std::vector{sealed(1, 100'000, 80'000)}, limits()).inputs, (Ids{1}));
  EXPECT_EQ(plan_merge(std::vector{sealed(1, 100'000, 80'001)}, limits()).kind, Kind::kNothing);
  EXPECT_EQ(plan_merge(std::vector{sealed(1, 999, 1)}, limits()).kind, Kind::kNothing);
  MergeCandidate wide = sealed(1, 100, 50);
  wide.bytes = 2 << 20;
  EXPECT_EQ(plan_merge(std::vector{wide}, limits()).inputs, (Ids{1}));
}

TEST(MergePlan, the_bytes_of_overrides_count_like_those_of_dead_rows) {
  MergeCandidate c = sealed(1, 100'000, 100'000);
  c.override_bytes = 1 << 20;
  EXPECT_EQ(plan_merge(std::vector{c}, limits()).kind, Kind::kNothing) << "a tenth of the bytes";
  c.override_bytes *= 2;
  EXPECT_EQ(plan_merge(std::vector{c}, limits()).inputs, (Ids{1}));
}

TEST(MergePlan, segments_with_dead_rows_become_one_within_the_limit) {
  const std::vector<MergeCandidate> all{sealed(1, 1 << 20, 600'000), sealed(2, 1 << 20, 400'000),
                                        sealed(3, 1 << 20, 500'000), sealed(4, 1 << 20, 1 << 20)};
  EXPECT_EQ(plan_merge(all, limits()).inputs, (Ids{2, 3}));
}

TEST(MergePlan, four_segments_of_one_size_become_one) {
  std::vector<MergeCandidate> all{sealed(1, 200'000, 200'000), sealed(2, 201'000, 201'000),
                                  sealed(3, 900'000, 900'000), sealed(4, 199'000, 199'000)};
  EXPECT_EQ(plan_merge(all, limits()).kind, Kind::kNothing);
  all.push_back(sealed(5, 250'000, 250'000));
  EXPECT_EQ(plan_merge(all, limits()).inputs, (Ids{1, 2, 4, 5}));
}

TEST(MergePlan, small_segments_count_as_one_size) {
  std::vector<MergeCandidate> all;
  for (uint32_t id = 1; id <= 4; ++id) all.push_back(sealed(id, id * 10, id * 10));
  EXPECT_EQ(plan_merge(all, limits()).inputs, (Ids{1, 2, 3, 4}));
}

TEST(MergePlan, a_merge_that_does_not_fit_on_the_disk_is_not_begun_and_says_so) {
  MergeLimits small = limits();
  small.room_bytes = 3'000'000;
  const std::vector<MergeCandidate> large{sealed(1, 100'000, 50'000)};
  const MergePlan none = plan_merge(large, small);
  EXPECT_EQ(none.kind, Kind::kNothing);
  EXPECT_EQ(none.blocked,
            "a merge would take 5000000 bytes, the disk has room for 3000000 beside the reserve");
  EXPECT_FALSE(none.merges_sizes);
  std::vector<MergeCandidate> alike;
  for (uint32_t id = 1; id <= 4; ++id) alike.push_back(sealed(id, 40'000, 40'000));
  EXPECT_TRUE(plan_merge(alike, small).merges_sizes) << "what waits is no vacuum";
  const std::vector<MergeCandidate> both{sealed(1, 100'000, 50'000), sealed(2, 40'000, 25'000)};
  EXPECT_EQ(plan_merge(both, small).inputs, (Ids{2}));
  const std::vector<MergeCandidate> dead{sealed(1, 100'000, 0)};
  small.room_bytes = 0;
  EXPECT_EQ(plan_merge(dead, small).kind, Kind::kDrop) << "it takes no room";
}

// Whatever sizes segments have, merging ends, and few segments are left.
TEST(MergePlan, merging_ends_with_few_segments) {
  std::vector<MergeCandidate> all;
  for (uint32_t id = 1; id <= 300; ++id) all.push_back(sealed(id, 256, 256 - id % 200));
  uint32_t next = 301, merges = 0;
  for (;; ++merges) {
    ASSERT_LT(merges, 300u);
    const MergePlan plan = plan_merge(all, limits());
    if (plan.kind == Kind::kNothing) break;
    uint64_t live = 0;
    std::erase_if(all, [&](const MergeCandidate& c) {
      const bool in = std::find(plan.inputs.begin(), plan.inputs.end(), c.id) != plan.inputs.end();
      live += in ? c.live : 0;
      return in;
    });
    if (live > 0) all.push_back(sealed(next++, live, live));
  }
  EXPECT_LT(all.size(), 10u);
}

}  // namespace
}  // namespace rhumb::shard
