// What is concluded from samples, and what is done about it.
#include "host/shard/recall_watch.h"

#include <gtest/gtest.h>

#include <random>

#include "host/base/limits.h"

namespace rhumb::shard {
namespace {

constexpr uint64_t kSeed = 7;

// A search that finds each of ten hits with chance p; `together`: all or none.
RecallSample drawn(std::mt19937_64& random, double p, bool together = false) {
  const auto hit = [&] { return std::uniform_real_distribution<>(0, 1)(random) < p; };
  if (together) return {hit() ? 10u : 0u, 10};
  RecallSample out{0, 10};
  for (int i = 0; i < 10; ++i) out.found += hit() ? 1 : 0;
  return out;
}

// Feeds samples until `n` were taken; at a breadth of `widen` each hit is missed with chance miss / widen.
void feed(RecallWatch& watch, std::mt19937_64& random, double miss, int n) {
  for (int i = 0; i < n; ++i) watch.end(drawn(random, 1 - miss / static_cast<double>(watch.widen())), 0, 0);
}

TEST(RecallIntervalTest, holds_what_is_true_about_as_often_as_it_says) {
  std::mt19937_64 random(kSeed);
  for (const bool together : {false, true}) {
    int held = 0;
    for (int round = 0; round < 400; ++round) {
      std::deque<RecallSample> samples;
      for (int i = 0; i < 100; ++i) samples.push_back(drawn(random, .95, together));
      const RecallInterval interval = recall_interval(samples);
      EXPECT_LE(interval.low, interval.mean);
      EXPECT_GE(interval.high, interval.mean);
      held += interval.low <= .95 && .95 <= interval.high ? 1 : 0;
    }
    EXPECT_GE(held, 400 * 90 / 100) << together;
  }
}

TEST(RecallIntervalTest, nothing_missed_is_no_proof) {
  const std::deque<RecallSample> ten(10, {10, 10}), many(1000, {10, 10});
  EXPECT_EQ(recall_interval(ten).mean, 1);
  EXPECT_LT(recall_interval(ten).low, .8);
  EXPECT_GT(recall_interval(many).low, .99);
}

TEST(RecallWatchTest, too_little_found_makes_searches_broader_until_it_is_enough) {
  std::mt19937_64 random(kSeed);
  RecallWatch watch(1);
  watch.promise(.95);
  feed(watch, random, .15, 5000);
  EXPECT_GE(watch.widen(), 3) << "at 3 a twentieth is missed";
  EXPECT_LT(watch.widen(), 7);
  const RecallWatch::State state = watch.state();
  EXPECT_GE(state.measured.mean, .95);
  EXPECT_EQ(state.samples_total, 5000u);
  EXPECT_LE(state.samples, base::limits::kRecallWindowSamples);
  ASSERT_FALSE(state.actions.empty());
  EXPECT_NE(state.actions.back().what.find("asked 0.95"), std::string::npos) << state.actions.back().what;
}

TEST(RecallWatchTest, there_is_a_greatest_breadth_and_a_bound_on_what_is_remembered) {
  std::mt19937_64 random(kSeed);
  RecallWatch watch(1);
  watch.promise(.999);
  for (int i = 0; i < 20000; ++i) watch.end(drawn(random, .5), 0, 0);
  EXPECT_EQ(watch.widen(), base::limits::kRecallWidenMax);
  EXPECT_LE(watch.state().actions.size(), base::limits::kRecallActions);
}

TEST(RecallWatchTest, what_is_more_than_enough_is_taken_back) {
  std::mt19937_64 random(kSeed);
  RecallWatch watch(1);
  watch.promise(.95);
  feed(watch, random, .2, 2000);
  const float broad = watch.widen();
  ASSERT_GT(broad, 1);
  feed(watch, random, .0, 20000);
  EXPECT_EQ(watch.widen(), 1);
}

TEST(RecallWatchTest, enough_changes_nothing) {
  std::mt19937_64 random(kSeed);
  RecallWatch watch(1);
  watch.promise(.95);
  feed(watch, random, .03, 5000);
  EXPECT_EQ(watch.widen(), 1);
  EXPECT_TRUE(watch.state().actions.empty());
}

TEST(RecallWatchTest, another_promise_begins_anew) {
  std::mt19937_64 random(kSeed);
  RecallWatch watch(1);
  watch.promise(.95);
  feed(watch, random, .3, 1000);
  ASSERT_GT(watch.widen(), 1);
  watch.promise(.9);
  EXPECT_EQ(watch.widen(), 1);
  EXPECT_EQ(watch.state().samples, 0u);
  watch.promise(.9);
  feed(watch, random, .01, 10);
  watch.promise(.9);
  EXPECT_EQ(watch.state().samples, 10u) << "the same promise";
}

TEST(RecallWatchTest, one_at_a_time_and_a_hundredth_of_the_time) {
  RecallWatch watch(1);
  EXPECT_TRUE(watch.begin(1000));
  EXPECT_FALSE(watch.begin(1000)) << "one is under way";
  watch.end(std::nullopt, 1000, 6000);
  EXPECT_EQ(watch.state().samples, 0u);
  EXPECT_FALSE(watch.begin(6000 + 5000 * base::limits::kRecallWatchShare - 1));
  EXPECT_TRUE(watch.begin(6000 + 5000 * base::limits::kRecallWatchShare));
}

}  // namespace
}  // namespace rhumb::shard
