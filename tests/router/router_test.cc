#include "host/router/router.h"

#include <gtest/gtest.h>

#include "host/router/bucket_map.h"
#include "tests/places.h"

namespace rhumb::router {
namespace {

using model::BucketRun;

class RouterHost : public ::testing::Test {
 protected:
  RouterHost() : executor_("plugins", 1, 16), registry_(executor_) {
    const base::Status loaded = registry_.load_file(places::plugin("router_hash"));
    EXPECT_TRUE(loaded.ok()) << loaded.message();
    auto opened = Router::open(registry_, "hash");
    EXPECT_TRUE(opened.ok()) << opened.status().message();
    router_ = std::move(*opened);
  }
  base::Executor executor_;
  plugin::PluginRegistry registry_;
  std::unique_ptr<Router> router_;
};

TEST_F(RouterHost, batches_are_placed) {
  EXPECT_EQ(router_->id(), "hash");
  const std::vector<std::string_view> keys = {"abc", "", "abc"};
  const auto buckets = router_->place(keys);
  ASSERT_TRUE(buckets.ok());
  EXPECT_EQ(*buckets, (std::vector<uint32_t>{1099, 3828, 1099}));
  EXPECT_EQ(router_->bucket_of("abc").value(), 1099u);
  EXPECT_TRUE(router_->place({})->empty());
}

TEST_F(RouterHost, shards_are_assigned_and_found) {
  const std::vector<uint64_t> shards = {7, 8};
  const auto runs = router_->assign({}, shards);
  ASSERT_TRUE(runs.ok()) << runs.status().message();
  ASSERT_TRUE(check_map(*runs).ok());
  EXPECT_EQ(shard_of(*runs, 0), 7u);
  EXPECT_EQ(shard_of(*runs, 2047), 7u);
  EXPECT_EQ(shard_of(*runs, 2048), 8u);
  EXPECT_EQ(shard_of(*runs, 4095), 8u);

  const std::vector<ShardShare> weighted = {
      {.shard = 7, .leaving = true}, {.shard = 8, .weight = 1}, {.shard = 9, .weight = 3}};
  const auto next = router_->assign(*runs, weighted);
  ASSERT_TRUE(next.ok());
  uint32_t eight = 0, nine = 0;
  for (const BucketRun& run : *next) (run.shard == 8 ? eight : nine) += run.count;
  EXPECT_EQ(eight, 1024u);
  EXPECT_EQ(nine, 3072u);
}

TEST_F(RouterHost, a_batch_is_grouped_by_shard) {
  const std::vector<BucketRun> runs = {{0, 100, 5}, {100, 1000, 3}, {1100, 2996, 5}};
  const std::vector<uint32_t> buckets = {99, 100, 4095, 0, 1099, 1100};
  const auto groups = group_by_shard(runs, buckets);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].shard, 3u);
  EXPECT_EQ(groups[0].positions, (std::vector<uint32_t>{1, 4}));
  EXPECT_EQ(groups[1].shard, 5u);
  EXPECT_EQ(groups[1].positions, (std::vector<uint32_t>{0, 2, 3, 5}));
  EXPECT_TRUE(group_by_shard(runs, {}).empty());
}

TEST_F(RouterHost, errors_say_what_is_wrong) {
  const auto missing = Router::open(registry_, "jump");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.status().code(), base::Code::kNotFound);
  EXPECT_NE(missing.status().message().find("hash"), std::string::npos) << "what there is instead";
  const auto bad = Router::open(registry_, "hash", R"({"x":1})");
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.status().code(), base::Code::kInvalid);
  const auto none = router_->assign({}, std::vector<uint64_t>{});
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.status().message().find("router hash: assign"), std::string::npos);
}

TEST(BucketMap, a_map_with_gaps_is_refused) {
  const std::vector<std::vector<BucketRun>> wrong = {{},
                                                     {{0, 4095, 1}},
                                                     {{1, 4095, 1}},
                                                     {{0, 4097, 1}},
                                                     {{0, 10, 1}, {11, 4085, 2}},
                                                     {{0, 0, 1}, {0, 4096, 1}},
                                                     {{0, 10, 1}, {9, 4087, 2}}};
  for (const auto& runs : wrong) EXPECT_FALSE(check_map(runs).ok());
  EXPECT_TRUE(check_map(std::vector<BucketRun>{{0, 4096, 1}}).ok());
}

}  // namespace
}  // namespace rhumb::router
