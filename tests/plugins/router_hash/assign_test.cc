// Properties of assign() over random histories of shards that are added, removed or change their
// weight.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>

#include "tests/plugins/router_hash/router_fixture.h"

namespace rhumb::router_test {
namespace {

std::vector<uint64_t> owners(const Runs& runs) {
  std::vector<uint64_t> out;
  for (const rhumb_bucket_run_t& run : runs) out.insert(out.end(), run.count, run.shard);
  return out;
}

// Expects that the runs cover all buckets in order and that neighbours differ.
void expect_map(const Runs& runs) {
  uint32_t next = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    ASSERT_EQ(runs[i].first, next);
    ASSERT_GT(runs[i].count, 0u);
    if (i > 0) ASSERT_NE(runs[i].shard, runs[i - 1].shard);
    next += runs[i].count;
  }
  ASSERT_EQ(next, RHUMB_BUCKETS);
}

std::map<uint64_t, uint32_t> counts(const Runs& runs) {
  std::map<uint64_t, uint32_t> out;
  for (const rhumb_bucket_run_t& run : runs) out[run.shard] += run.count;
  return out;
}

// Expects that every shard has its share, rounded down or up, and that a leaving shard has nothing.
void expect_fair(const Runs& runs, const Shards& shards) {
  auto has = counts(runs);
  double total = 0;
  for (const rhumb_shard_t& s : shards)
    total += s.state == RHUMB_SHARD_ACTIVE ? static_cast<double>(s.weight) : 0;
  for (const rhumb_shard_t& s : shards) {
    const double share =
        s.state == RHUMB_SHARD_ACTIVE ? RHUMB_BUCKETS * static_cast<double>(s.weight) / total : 0;
    EXPECT_GE(has[s.shard], std::floor(share - 1e-6)) << "shard " << s.shard;
    EXPECT_LE(has[s.shard], std::ceil(share + 1e-6)) << "shard " << s.shard;
    has.erase(s.shard);
  }
  EXPECT_TRUE(has.empty()) << "buckets for a shard that is not there";
}

uint32_t moved(const Runs& before, const Runs& after) {
  const auto a = owners(before), b = owners(after);
  uint32_t n = 0;
  for (size_t i = 0; i < RHUMB_BUCKETS; ++i) n += a[i] != b[i] ? 1 : 0;
  return n;
}

TEST_F(RouterTest, a_first_map_gives_every_shard_one_run) {
  for (uint64_t n : {1u, 2u, 3u, 7u, 256u}) {
    Shards shards;
    for (uint64_t i = 0; i < n; ++i) shards.push_back(active(1024 + i));
    const Runs runs = assign({}, shards);
    expect_map(runs);
    expect_fair(runs, shards);
    EXPECT_EQ(runs.size(), n);
  }
}

TEST_F(RouterTest, a_new_shard_takes_its_share_and_nothing_else_moves) {
  Shards shards = {active(1), active(2), active(3)};
  const Runs before = assign({}, shards);
  shards.push_back(active(4));
  const Runs after = assign(before, shards);
  expect_map(after);
  expect_fair(after, shards);
  EXPECT_EQ(moved(before, after), RHUMB_BUCKETS / 4);
  const auto a = owners(before), b = owners(after);
  for (size_t i = 0; i < RHUMB_BUCKETS; ++i)
    EXPECT_TRUE(a[i] == b[i] || b[i] == 4) << "bucket " << i;
}

TEST_F(RouterTest, the_buckets_of_a_leaving_shard_are_spread) {
  Shards shards = {active(1), active(2), active(3), active(4)};
  const Runs before = assign({}, shards);
  shards[1].state = RHUMB_SHARD_LEAVING;
  const Runs after = assign(before, shards);
  expect_fair(after, shards);
  EXPECT_EQ(moved(before, after), RHUMB_BUCKETS / 4);
  // The result is the same if the shard is simply gone.
  Shards without = shards;
  without.erase(without.begin() + 1);
  EXPECT_EQ(owners(assign(before, without)), owners(after));
}

TEST_F(RouterTest, a_balanced_map_stays_as_it_is) {
  const Shards shards = {active(1, 3), active(2, 5), active(9, 11)};
  const Runs before = assign({}, shards);
  EXPECT_EQ(moved(before, assign(before, shards)), 0u);
}

TEST_F(RouterTest, huge_weights_do_not_overflow) {
  const uint64_t most = ~uint64_t{0};
  const Shards shards = {active(1, most), active(2, most), active(3, most / 2)};
  const Runs runs = assign({}, shards);
  expect_map(runs);
  const auto has = counts(runs);
  EXPECT_NEAR(has.at(1), 1638, 1);
  EXPECT_NEAR(has.at(3), 819, 1);
}

TEST_F(RouterTest, some_of_more_shards_than_buckets_get_none) {
  Shards shards;
  for (uint64_t i = 0; i < 5000; ++i) shards.push_back(active(i + 1));
  const Runs runs = assign({}, shards);
  expect_map(runs);
  expect_fair(runs, shards);
}

TEST_F(RouterTest, random_histories_keep_the_shares_and_move_little) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    std::mt19937_64 random(seed);
    Shards shards = {active(1, 1 + random() % 5)};
    uint64_t next = 2;
    Runs now = assign({}, shards);
    for (int step = 0; step < 30; ++step) {
      const uint64_t what = random() % 4;
      if (what <= 1 || shards.size() == 1)
        shards.push_back(active(next++, 1 + random() % 5));
      else if (what == 2)
        shards.erase(shards.begin() + static_cast<ptrdiff_t>(random() % shards.size()));
      else
        shards[random() % shards.size()].weight = 1 + random() % 5;
      const Runs after = assign(now, shards);
      expect_map(after);
      expect_fair(after, shards);

      // No assignment of fair shares moves less. Every shard keeps the smaller of its old and its
      // new number of buckets, and where rounding left a choice, a shard that had more than its
      // rounded share kept the extra bucket.
      const auto had = counts(now), gets = counts(after);
      uint32_t stays = 0;
      double total = 0;
      for (const rhumb_shard_t& s : shards) total += static_cast<double>(s.weight);
      uint32_t extra = 0, kept_extra = 0, wanted_extra = 0;
      for (const rhumb_shard_t& s : shards) {
        const uint32_t before = had.contains(s.shard) ? had.at(s.shard) : 0;
        const uint32_t later = gets.contains(s.shard) ? gets.at(s.shard) : 0;
        stays += std::min(before, later);
        const double share = RHUMB_BUCKETS * static_cast<double>(s.weight) / total;
        const auto down = static_cast<uint32_t>(std::floor(share + 1e-9));
        const bool rounded = share - down > 1e-6;
        extra += later > down ? 1 : 0;
        kept_extra += rounded && later > down && before > down ? 1 : 0;
        wanted_extra += rounded && before > down ? 1 : 0;
      }
      EXPECT_EQ(moved(now, after), RHUMB_BUCKETS - stays);
      EXPECT_EQ(kept_extra, std::min(extra, wanted_extra));

      Shards shuffled = shards;
      std::shuffle(shuffled.begin(), shuffled.end(), random);
      EXPECT_EQ(owners(assign(now, shuffled)), owners(after))
          << "the order of the shards must not matter";
      now = after;
    }
  }
}

TEST_F(RouterTest, invalid_maps_and_shards_are_refused) {
  Runs out;
  std::string why;
  EXPECT_EQ(try_assign({}, {}, out), RHUMB_INVALID);
  EXPECT_EQ(try_assign({}, {leaving(1)}, out), RHUMB_INVALID);
  EXPECT_EQ(try_assign({}, {active(1, 0)}, out), RHUMB_INVALID);
  EXPECT_EQ(try_assign({}, {active(1), active(1)}, out, &why), RHUMB_INVALID);
  EXPECT_NE(why.find("twice"), std::string::npos);
  EXPECT_EQ(try_assign({}, {{1, 1, 0, 7}}, out), RHUMB_INVALID);
  const Shards one = {active(1)};
  EXPECT_EQ(try_assign({{0, 100, 1}}, one, out), RHUMB_INVALID) << "ends too early";
  EXPECT_EQ(try_assign({{1, 4095, 1}}, one, out), RHUMB_INVALID) << "begins too late";
  EXPECT_EQ(try_assign({{0, 2000, 1}, {2001, 2095, 2}}, one, out), RHUMB_INVALID) << "a gap";
  EXPECT_EQ(try_assign({{0, 0, 1}, {0, 4096, 1}}, one, out), RHUMB_INVALID) << "an empty run";
  EXPECT_EQ(try_assign({{0, 4097, 1}}, one, out), RHUMB_INVALID) << "too long";
  EXPECT_EQ(try_assign({{0, 4096, 1}}, one, out), RHUMB_OK);

  const Shards three = {active(1), active(2), active(3)};
  Runs two(2);
  uint64_t needed = 0;
  EXPECT_EQ(
      engine_.ops->assign(self_, nullptr, 0, three.data(), 3, two.data(), 2, &needed, nullptr),
      RHUMB_OVER_LIMIT);
  EXPECT_EQ(needed, 3u);
}

}  // namespace
}  // namespace rhumb::router_test
