// A trace goes with the tasks of a request, and with no others.
#include "host/base/trace_context.h"

#include <gtest/gtest.h>

#include <future>

#include "host/base/executor.h"
#include "tests/base/traces.h"

namespace rhumb::base {
namespace {

class TraceContextTest : public ::testing::Test {
 protected:
  TraceContext trace(uint8_t number) {
    TraceContext context;
    context.trace_id.fill(number);
    context.span_id.fill(number);
    context.sink = &sink_;
    return context;
  }
  static uint8_t number() { return current_trace() ? current_trace().trace_id[0] : 0; }

  KeptSpans sink_;
};

TEST_F(TraceContextTest, a_scope_sets_the_trace_and_puts_the_outer_one_back) {
  EXPECT_EQ(number(), 0);
  {
    const TraceScope outer(trace(1));
    {
      const TraceScope inner(trace(2));
      EXPECT_EQ(number(), 2);
      const TraceScope none{TraceContext()};
      EXPECT_EQ(number(), 0);
    }
    EXPECT_EQ(number(), 1);
  }
  EXPECT_EQ(number(), 0);
}

TEST_F(TraceContextTest, a_posted_task_and_those_that_it_posts_run_in_the_trace) {
  Executor executor("test", 2, 100);
  std::promise<std::pair<uint8_t, uint8_t>> seen;
  {
    const TraceScope scope(trace(7));
    ASSERT_TRUE(executor
                    .post([&] {
                      const uint8_t outer = number();
                      (void)executor.post([&, outer] { seen.set_value({outer, number()}); });
                    })
                    .ok());
  }
  EXPECT_EQ(seen.get_future().get(), std::pair(uint8_t{7}, uint8_t{7}));
}

TEST_F(TraceContextTest, a_thread_forgets_the_trace_after_the_task) {
  Executor executor("test", 1, 1000);
  std::vector<uint8_t> seen;
  for (uint8_t i = 0; i < 100; ++i) {
    const TraceScope scope(i % 3 == 0 ? TraceContext() : trace(i));
    ASSERT_TRUE(executor.post([&] { seen.push_back(number()); }).ok());
  }
  executor.stop();
  ASSERT_EQ(seen.size(), 100u);
  for (uint8_t i = 0; i < 100; ++i) EXPECT_EQ(seen[i], i % 3 == 0 ? 0 : i);
}

TEST_F(TraceContextTest, the_tasks_of_a_strand_run_each_in_its_own_trace) {
  Executor executor("test", 2, 100);
  Strand strand(executor);
  std::vector<uint8_t> seen;
  std::promise<void> gate;
  strand.post([opened = gate.get_future().share()] { opened.wait(); });
  for (uint8_t i = 0; i < 200; ++i) {
    // More than one turn of the strand: a turn must not take a trace along.
    const TraceScope scope(i % 3 == 0 ? TraceContext() : trace(i));
    strand.post([&] { seen.push_back(number()); });
  }
  gate.set_value();
  strand.drain();
  ASSERT_EQ(seen.size(), 200u);
  for (uint8_t i = 0; i < 200; ++i) EXPECT_EQ(seen[i], i % 3 == 0 ? 0 : i);
}

TEST_F(TraceContextTest, what_a_task_captured_is_destroyed_in_its_trace) {
  Executor executor("test", 1, 10);
  std::promise<uint8_t> seen;
  {
    const TraceScope scope(trace(3));
    std::shared_ptr<void> captured(nullptr, [&](void*) { seen.set_value(number()); });
    ASSERT_TRUE(executor.post([captured = std::move(captured)] {}).ok());
  }
  EXPECT_EQ(seen.get_future().get(), 3);
}

TEST_F(TraceContextTest, helpers_of_a_parallel_run_work_in_the_trace) {
  Executor executor("test", 3, 100);
  const TraceScope scope(trace(9));
  std::atomic<int> wrong{0};
  executor.parallel(1000, [&](uint64_t) { wrong += number() == 9 ? 0 : 1; });
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace rhumb::base
