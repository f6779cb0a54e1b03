#include "host/gateway/gather.h"

#include <gtest/gtest.h>

#include <thread>

namespace rhumb::gateway {
namespace {

using base::Code;
using base::Result;
using base::Status;

struct Answer {
  int fired = 0;
  Result<std::vector<int>> result = Status(Code::kInternal, "not fired");
  std::function<void(Result<std::vector<int>>)> take() {
    return [this](Result<std::vector<int>> r) {
      ++fired;
      result = std::move(r);
    };
  }
};

TEST(GatherTest, values_are_in_the_order_of_parts_and_not_of_arrival) {
  Answer answer;
  auto gather = Gather<int>::of(3, answer.take());
  gather->part(2)(30);
  gather->part(0)(10);
  EXPECT_EQ(answer.fired, 0);
  gather->part(1)(20);
  EXPECT_EQ(answer.fired, 1);
  EXPECT_EQ(*answer.result, (std::vector<int>{10, 20, 30}));
}

TEST(GatherTest, the_first_failure_is_reported_after_all_have_answered) {
  Answer answer;
  auto gather = Gather<int>::of(3, answer.take());
  gather->part(1)(Status(Code::kTimeout, "first"));
  gather->part(0)(Status(Code::kIo, "second"));
  EXPECT_EQ(answer.fired, 0) << "a shard is still at work on the request";
  gather->part(2)(1);
  EXPECT_EQ(answer.fired, 1);
  EXPECT_EQ(answer.result.status().code(), Code::kTimeout);
  EXPECT_EQ(answer.result.status().message(), "first");
}

TEST(GatherTest, outstanding_parts_keep_the_gather_alive) {
  Answer answer;
  std::function<void(Result<int>)> part = Gather<int>::of(1, answer.take())->part(0);
  part(5);
  EXPECT_EQ(*answer.result, std::vector<int>{5});
}

TEST(GatherTest, answers_come_from_any_thread) {
  constexpr int kParts = 16;
  for (int round = 0; round < 50; ++round) {
    Answer answer;
    {
      auto gather = Gather<int>::of(kParts, answer.take());
      std::vector<std::thread> threads;
      for (int i = 0; i < kParts; ++i)
        threads.emplace_back([part = gather->part(static_cast<size_t>(i)), i] { part(i); });
      for (std::thread& t : threads) t.join();
    }
    ASSERT_EQ(answer.fired, 1);
    for (int i = 0; i < kParts; ++i) ASSERT_EQ((*answer.result)[static_cast<size_t>(i)], i);
  }
}

}  // namespace
}  // namespace rhumb::gateway
