#include "host/worker/once.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace rhumb::worker {
namespace {

using base::Code;
using base::Deadline;
using base::Result;

struct Answers {
  std::atomic<int> fired{0};
  std::promise<Result<int>> first;
  std::function<void(Result<int>)> take() {
    return [this](Result<int> r) {
      if (fired++ == 0) first.set_value(std::move(r));
    };
  }
};

TEST(OnceTest, the_first_answer_wins) {
  base::TimerQueue timers;
  Answers answers;
  auto once = Once<int>::start(timers, {}, answers.take(), "late");
  EXPECT_FALSE(once->fired());
  once->fire(7);
  EXPECT_TRUE(once->fired());
  once->fire(8);
  once->fire(base::internal("too late"));
  EXPECT_EQ(answers.fired, 1);
  EXPECT_EQ(*answers.first.get_future().get(), 7);
}

TEST(OnceTest, the_deadline_answers_when_no_answer_has_come) {
  base::TimerQueue timers;
  Answers answers;
  auto once = Once<int>::start(timers, Deadline::after_ms(1), answers.take(), "not in time");
  const auto result = answers.first.get_future().get();
  EXPECT_EQ(result.status().code(), Code::kTimeout);
  EXPECT_EQ(result.status().message(), "not in time");
  once->fire(7);
  EXPECT_EQ(answers.fired, 1);
}

TEST(OnceTest, a_partial_result_may_be_the_answer_at_the_deadline) {
  base::TimerQueue timers;
  Answers answers;
  // The deadline is long past.
  auto once = Once<int>::start(timers, Deadline{1}, answers.take(), [] { return Result<int>(42); });
  EXPECT_EQ(*answers.first.get_future().get(), 42);
}

TEST(OnceTest, an_answer_removes_its_timer) {
  base::TimerQueue timers;
  Answers answers;
  auto guard = std::make_shared<int>(0);
  auto once = Once<int>::start(timers, Deadline::after_ms(3'600'000), answers.take(),
                               [guard] { return Result<int>(*guard); });
  EXPECT_EQ(guard.use_count(), 2);
  once->fire(7);
  EXPECT_EQ(guard.use_count(), 1) << "nothing waits for an hour";
}

TEST(OnceTest, answers_that_race_with_the_deadline_fire_once) {
  base::TimerQueue timers;
  for (int round = 0; round < 300; ++round) {
    Answers answers;
    auto once =
        Once<int>::start(timers, Deadline{base::monotonic_ns() + 20'000}, answers.take(), "late");
    std::thread other([&] { once->fire(1); });
    once->fire(2);
    other.join();
    const auto result = answers.first.get_future().get();
    EXPECT_TRUE(result.ok() || result.status().code() == Code::kTimeout);
    EXPECT_EQ(answers.fired, 1);
  }
}

}  // namespace
}  // namespace rhumb::worker
