#include "host/base/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <memory>

namespace rhumb::base {
namespace {

TEST(Executor, all_tasks_posted_before_stop_are_run) {
  std::atomic<int> ran{0};
  {
    Executor executor("test", 3, 10'000);
    for (int i = 0; i < 5000; ++i) ASSERT_TRUE(executor.post([&] { ++ran; }).ok());
  }
  EXPECT_EQ(ran, 5000);
}

TEST(Executor, a_task_is_refused_when_the_queue_is_full_and_after_stop) {
  Executor executor("test", 1, 2);
  std::latch started(1);
  std::promise<void> gate;
  ASSERT_TRUE(executor
                  .post([&, opened = gate.get_future().share()] {
                    started.count_down();
                    opened.wait();
                  })
                  .ok());
  started.wait();
  EXPECT_TRUE(executor.post([] {}).ok());
  EXPECT_TRUE(executor.post([] {}).ok());
  EXPECT_EQ(executor.queued(), 2u);
  EXPECT_EQ(executor.post([] {}).code(), Code::kBusy);
  gate.set_value();
  executor.stop();
  EXPECT_EQ(executor.queued(), 0u);
  EXPECT_EQ(executor.post([] {}).code(), Code::kUnavailable);
  executor.stop();
}

TEST(Executor, a_task_posted_to_an_idle_pool_always_runs) {
  // Looks for lost wake-ups between spinning and sleeping.
  Executor executor("test", 2, 16);
  for (int i = 0; i < 3000; ++i) {
    std::promise<void> ran;
    ASSERT_TRUE(executor.post([&] { ran.set_value(); }).ok());
    ASSERT_EQ(ran.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
    if (i % 100 == 0) std::this_thread::yield();
  }
}

TEST(Executor, parallel_covers_each_index_once) {
  Executor executor("test", 3, 64);
  for (const uint64_t n : {0u, 1u, 2u, 3u, 1000u}) {
    std::vector<std::atomic<int>> seen(n);
    executor.parallel(n, [&](uint64_t i) { ++seen[i]; });
    for (const auto& count : seen) EXPECT_EQ(count, 1);
  }
}

TEST(Executor, parallel_works_when_nested_and_on_a_busy_or_stopped_pool) {
  Executor executor("test", 1, 1);
  std::atomic<int> ran{0};
  std::promise<void> done;
  ASSERT_TRUE(executor
                  .post([&] {
                    executor.parallel(
                        8, [&](uint64_t) { executor.parallel(8, [&](uint64_t) { ++ran; }); });
                    done.set_value();
                  })
                  .ok());
  done.get_future().wait();
  EXPECT_EQ(ran, 64);
  executor.stop();
  executor.parallel(10, [&](uint64_t) { ++ran; });
  EXPECT_EQ(ran, 74);
}

TEST(Strand, a_strand_keeps_the_order_of_its_tasks_and_runs_one_at_a_time) {
  Executor executor("test", 3, 4);
  Strand strand(executor);
  int64_t last[4] = {-1, -1, -1, -1};
  std::atomic<int> inside{0};
  int total = 0;
  std::vector<std::thread> posters;
  for (int t = 0; t < 4; ++t) {
    posters.emplace_back([&, t] {
      for (int64_t i = 0; i < 2000; ++i) {
        strand.post([&, t, i] {
          EXPECT_EQ(inside.fetch_add(1), 0);
          EXPECT_EQ(last[t], i - 1);
          last[t] = i;
          ++total;
          inside.fetch_sub(1);
        });
      }
    });
  }
  for (auto& poster : posters) poster.join();
  strand.drain();
  EXPECT_EQ(total, 8000);
}

TEST(Strand, a_task_may_post_to_its_own_strand) {
  Executor executor("test", 2, 4);
  int depth = 0;
  std::promise<void> done;
  {
    Strand strand(executor);
    std::function<void()> next = [&] {
      if (++depth == 1000)
        done.set_value();
      else
        strand.post(next);
    };
    strand.post(next);
    done.get_future().wait();
  }
  EXPECT_EQ(depth, 1000);
}

TEST(Strand, a_strand_loses_no_task_when_the_executor_stops) {
  Executor executor("test", 2, 4);
  Strand strand(executor);
  std::atomic<int> ran{0};
  std::thread poster([&] {
    for (int i = 0; i < 20'000; ++i) strand.post([&] { ++ran; });
  });
  executor.stop();
  poster.join();
  strand.post([&] { ++ran; });
  strand.drain();
  EXPECT_EQ(ran, 20'001);
}

TEST(Strand, destroying_a_strand_waits_for_its_tasks) {
  Executor executor("test", 2, 4);
  for (int round = 0; round < 500; ++round) {
    auto value = std::make_unique<int>(0);
    {
      Strand strand(executor);
      for (int i = 0; i < 10; ++i) strand.post([&value] { ++*value; });
    }
    ASSERT_EQ(*value, 10);
  }
}

}  // namespace
}  // namespace rhumb::base
