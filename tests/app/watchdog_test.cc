#include "host/app/watchdog.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <future>

#include "host/app/service_manager.h"
#include "host/base/executor.h"

namespace rhumb::app {
namespace {

class WatchdogTest : public ::testing::Test {
 protected:
  void TearDown() override {
    ::unsetenv("WATCHDOG_USEC");
    ::unsetenv("WATCHDOG_PID");
  }
  Watchdog::Part part(const std::string& name, base::Strand& strand) {
    return {name, [&strand](std::function<void()> answer) { strand.post(std::move(answer)); }};
  }
  // Two pools of one thread.
  base::Executor first_{"first", 1, 16}, second_{"second", 1, 16};
  base::Strand on_first_{first_}, on_second_{second_};
};

TEST_F(WatchdogTest, it_is_alive_as_long_as_all_parts_answer) {
  Watchdog watchdog({part("first", on_first_), part("second", on_second_)});
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(watchdog.alive()) << watchdog.silent();
    on_first_.drain();
    on_second_.drain();
    EXPECT_EQ(watchdog.silent(), "");
  }
}

TEST_F(WatchdogTest, a_pool_whose_threads_hang_is_noticed_and_named_and_may_recover) {
  Watchdog watchdog({part("first", on_first_), part("second", on_second_)});
  std::promise<void> end;
  ASSERT_TRUE(second_.post([ended = end.get_future().share()] { ended.wait(); }).ok());
  EXPECT_TRUE(watchdog.alive());  // it asks for the first time
  on_first_.drain();
  EXPECT_FALSE(watchdog.alive());
  EXPECT_FALSE(watchdog.alive());
  EXPECT_EQ(watchdog.silent(), "second");
  end.set_value();
  on_second_.drain();
  EXPECT_TRUE(watchdog.alive());
}

TEST_F(WatchdogTest, a_pool_with_a_full_queue_answers_when_its_turn_comes) {
  Watchdog watchdog({part("first", on_first_)});
  std::promise<void> end;
  const auto ended = end.get_future().share();
  while (first_.post([ended] { ended.wait(); }).ok()) {}
  EXPECT_TRUE(watchdog.alive());
  end.set_value();
  on_first_.drain();
  EXPECT_TRUE(watchdog.alive());
}

TEST_F(WatchdogTest, the_period_is_the_one_that_the_manager_gives_to_this_process) {
  EXPECT_FALSE(watchdog_period());
  ::setenv("WATCHDOG_USEC", "120000000", 1);
  ASSERT_TRUE(watchdog_period());
  EXPECT_EQ(watchdog_period()->count(), 120'000'000);
  ::setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  EXPECT_TRUE(watchdog_period());
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(watchdog_period());
  ::unsetenv("WATCHDOG_PID");
  ::setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_FALSE(watchdog_period());
}

}  // namespace
}  // namespace rhumb::app
