#include "host/base/timer.h"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace rhumb::base {
namespace {

TEST(Timer, timers_run_in_the_order_of_their_times) {
  TimerQueue timers;
  std::vector<int> order;  // written by the timer's only thread, read after the last timer ran
  std::promise<void> last;
  const Deadline soon = Deadline::after_ms(5);
  timers.at({soon.at_ns + 2'000'000}, [&] {
    order.push_back(2);
    last.set_value();
  });
  timers.at(soon, [&] { order.push_back(1); });
  last.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(Timer, a_cancelled_timer_never_runs) {
  TimerQueue timers;
  bool ran = false;
  const uint64_t id = timers.at(Deadline::after_ms(60'000), [&] { ran = true; });
  EXPECT_TRUE(timers.cancel(id));
  EXPECT_FALSE(timers.cancel(id));
  timers.stop();
  EXPECT_FALSE(ran);
  EXPECT_EQ(timers.at(Deadline::after_ms(1), [] {}), 0u);
}

}  // namespace
}  // namespace rhumb::base
