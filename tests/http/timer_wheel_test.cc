#include "host/http/timer_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <vector>

namespace rhumb::http {
namespace {

TEST(TimerWheel, the_wheel_agrees_with_a_sorted_map) {
  const uint32_t seed = 20261120;
  std::mt19937 random(seed);
  std::cout << "seed " << seed << "\n";
  TimerWheel wheel(1000);
  struct Item : TimerWheel::Node {
    int id;
  };
  std::vector<std::unique_ptr<Item>> items;
  for (int i = 0; i < 200; ++i) {
    items.push_back(std::make_unique<Item>());
    items.back()->id = i;
  }
  std::map<int, uint64_t> due;  // by id
  uint64_t now = 1000;
  for (int step = 0; step < 20'000; ++step) {
    Item& item = *items[random() % items.size()];
    if (random() % 4 == 0) {
      wheel.cancel(item);
      due.erase(item.id);
    } else {
      const uint64_t at = now + random() % (random() % 10 == 0 ? 100'000 : 500);
      wheel.set(item, at);
      due[item.id] = at;
    }
    const uint64_t before = now;
    now += random() % (random() % 50 == 0 ? 60'000 : 120);
    wheel.advance(now, [&](TimerWheel::Node& node) {
      const int id = static_cast<Item&>(node).id;
      ASSERT_TRUE(due.contains(id)) << "seed " << seed << " step " << step;
      ASSERT_LE(due[id], now) << "early; seed " << seed << " step " << step;
      due.erase(id);
    });
    for (const auto& [id, at] : due)
      ASSERT_GT(at + 2 * TimerWheel::kTickMs, now)
          << "late; seed " << seed << " step " << step << " from " << before;
    ASSERT_EQ(wheel.empty(), due.empty());
  }
}

TEST(TimerWheel, expiry_may_set_and_cancel_others_of_the_same_tick) {
  TimerWheel wheel(0);
  TimerWheel::Node a, b, c;
  wheel.set(a, 10);
  wheel.set(b, 10);
  wheel.set(c, 10);
  int expired = 0;
  wheel.advance(100, [&](TimerWheel::Node& node) {
    ++expired;
    if (&node == &a) {
      wheel.cancel(b);
      wheel.set(a, 10'000);
    }
  });
  EXPECT_EQ(expired, 2);
  wheel.cancel(a);
  EXPECT_TRUE(wheel.empty());
}

}  // namespace
}  // namespace rhumb::http
