// The conclusions from samples and the actions that follow, in a world where recall is a known
// function of the breadth.
#include "host/shard/background/recall_watch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "host/base/limits.h"
#include "host/model/contract.h"

namespace rhumb::shard {
namespace {

constexpr uint64_t kSeed = 7;
using Task = RecallWatch::Task;
using Source = RecallWatch::Source;

// Returns a sample in which each of ten hits is found with probability p, or with `together` all or
// none.
RecallSample drawn(std::mt19937_64& random, double p, bool together = false) {
  const auto hit = [&] { return std::uniform_real_distribution<>(0, 1)(random) < p; };
  if (together) return {hit() ? 10u : 0u, 10};
  RecallSample out{0, 10};
  for (int i = 0; i < 10; ++i) out.found += hit() ? 1 : 0;
  return out;
}

RecallTally tally_of(int samples, uint32_t found, uint32_t of = 10) {
  RecallTally out;
  for (int i = 0; i < samples; ++i) out.add({found, of});
  return out;
}

std::optional<bool> kept(double asked, const RecallTally& tally) {
  const RecallInterval now = tally.interval();
  return model::contract_kept(asked, now.mean, now.low, now.high);
}

// The share of hits that a search misses at the calibrated breadth; it falls with the breadth to
// the power of 1.5.
struct World {
  double miss = 0.1, power = 1.5;
  double recall(int step) const {
    return 1 - std::min(1.0, miss * std::pow(static_cast<double>(breadth_factor(step)), -power));
  }
};

// Carries out the tasks that the watch asks for.
class Play {
 public:
  explicit Play(double promise) : watch(1) { watch.promise(promise); }

  // Runs until there is nothing to do. Returns the number of trials.
  int run(const World& world, Source source, uint64_t held, uint64_t fresh) {
    int trials = 0;
    for (int i = 0; i < 100'000; ++i) {
      const Task task = watch.next({rows, graphs, true, held, fresh, 10});
      if (task.kind == Task::Kind::kNone) return trials;
      EXPECT_EQ(task.source, source);
      trials += task.kind == Task::Kind::kTrial ? 1 : 0;
      if (carry_out(task, world) == watch.epoch()) fresh -= std::min(fresh, task.queries);
      asked_epoch = watch.epoch();
    }
    ADD_FAILURE() << "it never ends";
    return trials;
  }
  uint64_t carry_out(const Task& task, const World& world) {
    const auto ask = [&](int step) {
      std::vector<RecallSample> out;
      for (uint64_t i = 0; i < task.queries; ++i) out.push_back(drawn(random, world.recall(step)));
      return out;
    };
    if (task.kind == Task::Kind::kSample) return watch.sampled(task, ask(task.start));
    BreadthSearch search(task.least, task.most, task.start);
    std::map<int, std::vector<RecallSample>> asked;
    while (const auto step = search.next()) {
      RecallTally there;
      asked[*step] = ask(*step);
      for (const RecallSample& s : asked[*step]) there.add(s);
      search.tell(*step, there.interval().mean >= recall_aim(task.asked));
    }
    return watch.tried(task, search.result(), asked.at(search.result()));
  }
  double now(const World& world) const {
    return world.recall(static_cast<int>(
        std::lround(std::log2(static_cast<double>(watch.widen())) * kBreadthStepsPerDouble)));
  }

  RecallWatch watch;
  std::mt19937_64 random{kSeed};
  uint64_t rows = 20'000, asked_epoch = 0;
  bool graphs = true;
};

TEST(RecallIntervalTest, the_interval_holds_the_true_recall_as_often_as_it_says) {
  std::mt19937_64 random(kSeed);
  for (const bool together : {false, true}) {
    int held = 0;
    for (int round = 0; round < 400; ++round) {
      RecallTally samples;
      for (int i = 0; i < 100; ++i) samples.add(drawn(random, .95, together));
      const RecallInterval interval = samples.interval();
      EXPECT_LE(interval.low, interval.mean);
      EXPECT_GE(interval.high, interval.mean);
      held += interval.low <= .95 && .95 <= interval.high ? 1 : 0;
    }
    EXPECT_GE(held, 400 * 90 / 100) << together;
  }
}

TEST(RecallIntervalTest, no_missed_hit_is_no_proof_of_full_recall) {
  EXPECT_EQ(tally_of(10, 10).interval().mean, 1);
  EXPECT_LT(tally_of(10, 10).interval().low, .8);
  EXPECT_GT(tally_of(1000, 10).interval().low, .99);
  EXPECT_EQ(RecallTally().interval().low, 0);
  EXPECT_EQ(RecallTally().interval().high, 1);
}

TEST(ContractKeptTest, one_sample_decides_nothing) {
  EXPECT_EQ(kept(.95, tally_of(1, 10)), std::nullopt)
      << "as it was, an interval from .2 to 1 counted as kept";
  EXPECT_EQ(kept(.999, tally_of(100, 10)), std::nullopt);
  EXPECT_EQ(kept(.9, tally_of(1, 4)), std::nullopt);
}

TEST(ContractKeptTest, kept_needs_the_lower_end_and_the_mean_and_broken_the_upper_end) {
  EXPECT_EQ(model::contract_kept(.95, .96, .9, .98), true);
  EXPECT_EQ(model::contract_kept(.95, .96, .899, .98), std::nullopt);
  EXPECT_EQ(model::contract_kept(.95, .949, .94, .96), std::nullopt);
  EXPECT_EQ(model::contract_kept(.95, .93, .92, .9499), false);
  EXPECT_EQ(model::contract_kept(.95, .93, .92, .95), std::nullopt);
  EXPECT_EQ(model::contract_kept(.999, .999, .998, .9995), true) << "rounding of 1 - .999";
}

TEST(SamplesMissingTest, the_missing_number_of_samples_decides) {
  std::mt19937_64 random(kSeed);
  for (const double asked : {.9, .95, .99, .999}) {
    for (const double share : {.5, .7, 2.0}) {
      RecallTally tally;
      for (int i = 0; i < 20; ++i) tally.add(drawn(random, 1 - share * (1 - asked)));
      const uint64_t missing = samples_missing(tally, asked);
      if (missing == 0) {
        EXPECT_TRUE(kept(asked, tally).has_value());
        continue;
      }
      const double times = (tally.samples() + static_cast<double>(missing)) / tally.samples();
      const RecallInterval then = tally.interval(times), before = tally.interval(times * .9);
      EXPECT_TRUE(model::contract_kept(asked, then.mean, then.low, then.high).has_value())
          << asked << " " << missing;
      EXPECT_FALSE(model::contract_kept(asked, before.mean, before.low, before.high).has_value())
          << asked << " " << missing;
    }
  }
  EXPECT_GT(samples_missing(RecallTally(), .999), samples_missing(RecallTally(), .95))
      << "more is promised";
  EXPECT_GT(samples_missing(RecallTally(), .95), 5u);
}

TEST(BreadthSearchTest, the_search_finds_the_least_breadth_from_anywhere_in_few_steps) {
  for (int start = kBreadthLeast; start <= kBreadthMost; ++start) {
    for (int least = kBreadthLeast; least <= kBreadthMost + 1; ++least) {
      BreadthSearch search(kBreadthLeast, kBreadthMost, start);
      int asked = 0;
      while (const auto step = search.next()) {
        ASSERT_LT(++asked, 14) << start << " " << least;
        ASSERT_GE(*step, kBreadthLeast);
        ASSERT_LE(*step, kBreadthMost);
        search.tell(*step, *step >= least);
      }
      EXPECT_EQ(search.result(), std::min(least, kBreadthMost)) << start;
    }
  }
}

TEST(RecallWatchTest, the_least_breadth_that_keeps_the_promise_is_found_on_both_sides) {
  for (const double asked : {.9, .95, .98, .99, .995, .999}) {
    // Far fewer or far more are missed at the calibrated breadth than may be.
    for (const double miss : {.0004, .01, .1, .3}) {
      const World world{miss};
      const double least = world.recall(kBreadthLeast), most = world.recall(kBreadthMost);
      if (least > asked || most < recall_more_than_enough(asked)) continue;
      Play play(asked);
      play.watch.searched();
      play.run(world, Source::kSearches, 2048, 2048);
      EXPECT_GE(play.now(world), asked - .2 * (1 - asked)) << asked << " " << miss;
      EXPECT_LE(play.now(world), 1 - (1 - asked) * .4)
          << asked << " " << miss << ": never narrowing did more than is asked";
      EXPECT_EQ(play.watch.state().limit, "");
    }
  }
}

TEST(RecallWatchTest, a_promise_that_cannot_be_kept_says_so) {
  Play play(.999);
  play.watch.searched();
  play.run({.5, .3}, Source::kSearches, 2048, 2048);
  const RecallWatch::State state = play.watch.state();
  EXPECT_EQ(state.widen, breadth_factor(kBreadthMost));
  EXPECT_EQ(state.kept(), false);
  EXPECT_EQ(state.missing, 0u);
  EXPECT_NE(state.limit.find("greatest breadth"), std::string::npos) << state.limit;
}

TEST(RecallWatchTest, a_recall_above_the_promise_at_the_least_breadth_is_kept_and_named) {
  Play play(.9);
  play.watch.searched();
  play.run({.001, .1}, Source::kSearches, 512, 512);
  const RecallWatch::State state = play.watch.state();
  EXPECT_EQ(state.widen, breadth_factor(kBreadthLeast));
  EXPECT_EQ(state.kept(), true);
  EXPECT_NE(state.limit.find("least breadth"), std::string::npos) << state.limit;
}

TEST(RecallWatchTest, moved_points_decide_until_there_are_searches_and_are_kept_apart) {
  const World easy{.02}, hard{.2};
  Play play(.95);
  EXPECT_EQ(play.run(easy, Source::kMoved, 0, 0), 1);
  RecallWatch::State state = play.watch.state();
  EXPECT_LT(state.widen, 1);
  EXPECT_EQ(state.kept(), true);
  EXPECT_EQ(state.searches.samples, 0u);
  EXPECT_GE(state.moved.samples, 128u);

  play.watch.searched();
  state = play.watch.state();
  EXPECT_EQ(state.kept(), std::nullopt) << "what moved points said of it does not count any more";
  EXPECT_GT(state.missing, 0u);
  play.run(hard, Source::kSearches, 400, 400);
  EXPECT_GT(play.watch.widen(), 1);
  EXPECT_GE(play.watch.state().searches.samples, 64u);
  EXPECT_EQ(play.watch.state().moved.samples, 0u) << "of another breadth";
}

TEST(RecallWatchTest, few_searches_that_find_too_little_are_enough_to_act) {
  Play play(.95);
  play.watch.searched();
  play.run({.4}, Source::kSearches, 20, 20);
  EXPECT_EQ(play.watch.widen(), 1) << "twenty are too few";
  play.run({.4}, Source::kSearches, 40, 20);
  EXPECT_GT(play.watch.widen(), 1);
  ASSERT_FALSE(play.watch.state().actions.empty());
  EXPECT_NE(play.watch.state().actions.back().what.find("asked 0.95"), std::string::npos);
}

TEST(RecallWatchTest, a_breadth_that_became_too_large_is_reduced) {
  Play play(.95);
  play.watch.searched();
  play.run({.3}, Source::kSearches, 1000, 1000);
  const float broad = play.watch.widen();
  ASSERT_GT(broad, 1);
  for (int i = 0; i < 20; ++i) play.run({.01}, Source::kSearches, 1000, 256);
  EXPECT_LT(play.watch.widen(), 1);
  EXPECT_LE(play.now({.01}), .98);
}

TEST(RecallWatchTest, a_right_breadth_is_left_alone) {
  Play play(.95);
  play.watch.searched();
  play.run({.04}, Source::kSearches, 1000, 1000);
  const size_t actions = play.watch.state().actions.size();
  int trials = 0;
  for (int i = 0; i < 100; ++i) trials += play.run({.04}, Source::kSearches, 1000, 64);
  EXPECT_LE(trials, 4);
  EXPECT_LE(play.watch.state().actions.size(), actions + 2);
  EXPECT_LE(play.watch.state().searches.samples, base::limits::kRecallWindowSamples);
}

TEST(RecallWatchTest, a_trial_that_changes_nothing_is_not_repeated_for_ever) {
  Play play(.99);
  play.watch.searched();
  const World world{.9, 0};  // more breadth does not help
  int trials = 0;
  for (int i = 0; i < 200; ++i) trials += play.run(world, Source::kSearches, 1000, 64);
  EXPECT_LE(trials, 3);
}

TEST(RecallWatchTest, another_promise_starts_the_measuring_anew) {
  Play play(.95);
  play.watch.searched();
  play.run({.3}, Source::kSearches, 1000, 1000);
  ASSERT_GT(play.watch.widen(), 1);
  const Task old = {Task::Kind::kSample, Source::kSearches, 1, 0, 0, 0, play.watch.epoch(), 0};
  play.watch.promise(.9);
  EXPECT_EQ(play.watch.widen(), 1);
  EXPECT_EQ(play.watch.state().searches.samples, 0u);
  EXPECT_EQ(play.watch.sampled(old, {{10, 10}}), 0u) << "begun under the other promise";
  EXPECT_EQ(play.watch.state().searches.samples, 0u);
  play.watch.promise(0);
  EXPECT_EQ(play.watch.next({1000, true, true, 10, 10, 10}).kind, Task::Kind::kNone);
}

TEST(RecallWatchTest,
     other_data_start_the_measuring_anew_and_a_reduced_breadth_waits_for_its_trial) {
  Play play(.95);
  play.watch.searched();
  play.run({.004}, Source::kSearches, 500, 500);
  const float narrow = play.watch.widen();
  ASSERT_LT(narrow, 1);
  play.rows += play.rows / 10;
  play.run({.004}, Source::kSearches, 500, 0);
  EXPECT_GE(play.watch.state().searches.samples, 64u) << "a tenth more is about the same";
  play.rows += play.rows / 5;
  EXPECT_EQ(play.watch.next({play.rows, true, true, 500, 0, 10}).kind, Task::Kind::kNone);
  EXPECT_EQ(play.watch.state().searches.samples, 0u);
  EXPECT_EQ(play.watch.widen(), narrow);
  play.rows *= 2;
  EXPECT_EQ(play.watch.next({play.rows, true, true, 500, 500, 10}).kind, Task::Kind::kTrial);
  EXPECT_EQ(play.watch.widen(), 1) << "chosen on half of the data";
}

TEST(RecallWatchTest, without_graphs_no_breadth_is_set) {
  Play play(.95);
  play.graphs = false;
  EXPECT_EQ(play.run({.004}, Source::kMoved, 0, 0), 0);
  play.watch.searched();
  EXPECT_EQ(play.run({.004}, Source::kSearches, 500, 500), 0);
  EXPECT_EQ(play.watch.widen(), 1);
  EXPECT_EQ(play.watch.state().kept(), true);
  play.watch.promise(.99);
  play.run({.4}, Source::kSearches, 500, 500);
  EXPECT_EQ(play.watch.state().kept(), false);
  EXPECT_NE(play.watch.state().limit.find("not in a graph"), std::string::npos);
}

TEST(RecallWatchTest, with_nothing_to_measure_the_watch_ends_and_changes_nothing) {
  RecallWatch watch(1);
  watch.promise(.95);
  Task task = watch.next({20'000, true, true, 0, 0, 10});
  ASSERT_EQ(task.kind, Task::Kind::kTrial);
  watch.tried(task, task.start, {});
  EXPECT_EQ(watch.next({20'000, true, true, 0, 0, 10}).kind, Task::Kind::kNone)
      << "of multivectors no points are moved";
  watch.searched();
  task = watch.next({20'000, true, true, 500, 500, 10});
  ASSERT_EQ(task.kind, Task::Kind::kTrial);
  EXPECT_EQ(watch.tried(task, kBreadthLeast, {{0, 0}, {10, 10}}), 0u)
      << "nearly all filters let nothing through: ten hits say nothing";
  EXPECT_EQ(watch.widen(), 1);
  for (int i = 0; i < 3; ++i)
    EXPECT_NE(watch.next({20'000, true, true, 500, 500, 10}).kind, Task::Kind::kTrial);
}

TEST(RecallWatchTest, moved_points_wait_while_data_come_in) {
  RecallWatch watch(1);
  watch.promise(.95);
  EXPECT_EQ(watch.next({20'000, true, false, 0, 0, 10}).kind, Task::Kind::kNone);
  EXPECT_EQ(watch.next({20'000, true, true, 0, 0, 10}).kind, Task::Kind::kTrial);
  EXPECT_EQ(watch.next({0, true, true, 0, 0, 10}).kind, Task::Kind::kNone) << "nothing is there";
}

}  // namespace
}  // namespace rhumb::shard
