// Levels by slot are found again in whatever order they were stored, also by concurrent readers.
#include "plugins/index_rhumb/graph/node_levels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "rhumb/cpp/guard.h"

namespace rhumb::coded {
namespace {

TEST(NodeLevels, levels_and_rows_are_found_again) {
  constexpr uint32_t kSlots = 5000;
  std::mt19937 random(7);
  std::vector<uint32_t> order(kSlots), level(kSlots), row(kSlots);
  std::iota(order.begin(), order.end(), 0u);
  std::shuffle(order.begin(), order.end(), random);
  NodeLevels levels;
  levels.reserve(kSlots);
  uint32_t rows = 0;
  for (const uint32_t slot : order) {
    if (slot % 7 == 3) continue;  // no node
    EXPECT_FALSE(levels.has(slot));
    // A third of the nodes reaches higher, so that chains are long. All slots from 320 to 351 do.
    level[slot] = slot / 32 == 10     ? 1 + slot % kLevelMax
                  : random() % 3 == 0 ? 1 + random() % kLevelMax
                                      : 0;
    row[slot] = rows;
    if (level[slot] > 0) levels.reach(slot, level[slot], rows);
    rows += level[slot];
    levels.add(slot);
  }
  for (uint32_t slot = 0; slot < kSlots; ++slot) {
    ASSERT_EQ(levels.has(slot), slot % 7 != 3) << slot;
    if (slot % 7 == 3) continue;
    ASSERT_EQ(levels.level(slot), level[slot]) << slot;
    if (level[slot] > 0) ASSERT_EQ(levels.first_row(slot), row[slot]) << slot;
  }
}

TEST(NodeLevels, readers_see_whole_nodes) {
  constexpr uint32_t kSlots = 64 * 1024;
  NodeLevels levels;
  std::atomic<uint32_t> known{0}, wrong{0};
  std::thread reader([&] {
    std::mt19937 random(11);
    for (uint32_t n = 0; n < kSlots;) {
      n = known.load(std::memory_order_acquire);
      if (n == 0) continue;
      const uint32_t slot = random() % n;
      const uint32_t expected = slot % 3 == 0 ? 1 + slot % 5 : 0;
      if (!levels.has(slot) || levels.level(slot) != expected) ++wrong;
    }
  });
  uint32_t rows = 0;
  for (uint32_t slot = 0; slot < kSlots; ++slot) {
    levels.reserve(slot + 1);
    if (slot % 3 == 0) {
      levels.reach(slot, 1 + slot % 5, rows);
      rows += 1 + slot % 5;
    }
    levels.add(slot);
    known.store(slot + 1, std::memory_order_release);
  }
  reader.join();
  EXPECT_EQ(wrong.load(), 0u);
}

TEST(NodeLevels, running_out_of_rows_is_reported) {
  NodeLevels levels;
  levels.reserve(32);
  EXPECT_THROW(levels.reach(1, 2, kUpperRowsMax - 1), Error);
  EXPECT_EQ(levels.level(1), 0u);
}

}  // namespace
}  // namespace rhumb::coded
