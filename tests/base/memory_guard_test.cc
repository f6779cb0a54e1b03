#include "host/base/memory_guard.h"

#include <gtest/gtest.h>

#include <atomic>

#include "host/base/metrics.h"

namespace rhumb::base {
namespace {

using enum MemoryLevel;

TEST(MemoryGuardTest, a_level_begins_at_a_higher_value_than_it_ends) {
  const struct {
    MemoryLevel now;
    uint64_t used;
    MemoryLevel next;
  } cases[] = {
      {kNormal, 0, kNormal},   {kNormal, 799, kNormal},  {kNormal, 800, kCold},
      {kNormal, 999, kCold},   {kNormal, 1000, kRefuse}, {kCold, 699, kNormal},
      {kCold, 700, kCold},     {kCold, 999, kCold},      {kCold, 1000, kRefuse},
      {kCold, ~0ull, kRefuse}, {kRefuse, 699, kNormal},  {kRefuse, 700, kCold},
      {kRefuse, 899, kCold},   {kRefuse, 900, kRefuse},  {kRefuse, 1000, kRefuse},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(next_memory_level(c.now, c.used, 1000), c.next)
        << memory_level_name(c.now) << " with " << c.used;
  }
}

TEST(MemoryGuardTest, without_a_limit_every_use_is_normal) {
  for (const MemoryLevel now : {kNormal, kCold, kRefuse})
    EXPECT_EQ(next_memory_level(now, ~0ull, 0), kNormal);
  MemoryGuard guard(0, [] { return ~0ull >> 1; });
  EXPECT_EQ(guard.look(), kNormal);
  EXPECT_TRUE(guard.room_for(1ull << 40));
  EXPECT_TRUE(guard.admit().ok());
}

TEST(MemoryGuardTest, shares_of_large_limits_do_not_overflow) {
  constexpr uint64_t kLimit = 1ull << 50;
  EXPECT_EQ(next_memory_level(kNormal, kLimit / 10 * 7, kLimit), kNormal);
  EXPECT_EQ(next_memory_level(kNormal, kLimit - 1, kLimit), kCold);
  EXPECT_EQ(next_memory_level(kNormal, kLimit, kLimit), kRefuse);
}

class LookingGuardTest : public ::testing::Test {
 protected:
  std::atomic<uint64_t> used{0};
  int looks = 0;
  MemoryGuard guard{1000, [this] { return ++looks, used.load(); }};
};

TEST_F(LookingGuardTest, a_growing_write_is_refused_with_the_use_the_limit_and_the_setting) {
  used = 1234;
  EXPECT_TRUE(guard.admit().ok()) << "the use was not measured yet";
  EXPECT_EQ(looks, 0) << "a write costs no look while all is well";
  EXPECT_EQ(guard.look(), kRefuse);
  const Status refused = guard.admit();
  EXPECT_EQ(refused.code(), Code::kNoSpace);
  for (const char* word : {"1234", "1000", "900", "memory.limit_bytes"})
    EXPECT_NE(refused.message().find(word), std::string::npos) << refused.message();
  used = 899;
  EXPECT_TRUE(guard.admit().ok()) << "a write that is refused looks again";
  EXPECT_EQ(guard.level(), kCold);
  EXPECT_EQ(guard.changes(), 2u);
  used = 1000;
  EXPECT_FALSE(guard.admit().ok()) << "and one that comes while memory is short";
}

TEST_F(LookingGuardTest, there_is_room_for_what_leaves_the_level_normal) {
  used = 500;
  EXPECT_TRUE(guard.room_for(299));
  EXPECT_FALSE(guard.room_for(300));
  EXPECT_EQ(guard.level(), kNormal) << "asking takes nothing";
  used = 800;
  EXPECT_FALSE(guard.room_for(0));
}

TEST_F(LookingGuardTest, metrics_report_what_was_measured) {
  used = 850;
  guard.look();
  const std::string text = metrics_text();
  for (const char* line : {"\nrhumb_memory_bytes 850\n", "\nrhumb_memory_limit_bytes 1000\n",
                           "\nrhumb_memory_level 1\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace rhumb::base
