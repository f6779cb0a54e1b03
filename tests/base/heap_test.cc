#include "host/base/heap.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <vector>

#include "host/base/limits.h"

namespace rhumb::base {
namespace {

TEST(HeapTest, a_lot_of_unused_memory_is_given_back_to_the_system) {
#if defined(RHUMB_SANITIZED)
  EXPECT_FALSE(trim_heap()) << "the sanitizers' allocator says nothing of what it keeps";
#else
  constexpr size_t kBlock = 1024, kBlocks = 64 * 1024;  // too small for mappings of their own
  std::vector<std::unique_ptr<char[]>> blocks;
  for (size_t i = 0; i < kBlocks; ++i)
    std::memset(blocks.emplace_back(new char[kBlock]).get(), 1, kBlock);
  const HeapUse full = heap_use();
  EXPECT_GE(full.used, kBlock * kBlocks);
  EXPECT_FALSE(trim_heap()) << "it is used";
  const auto last = std::move(blocks.back());  // keeps the top of the heap in use
  blocks.clear();
  EXPECT_GE(heap_use().free, kBlock * kBlocks / 2);
  EXPECT_TRUE(trim_heap());
#endif
}

}  // namespace
}  // namespace rhumb::base
