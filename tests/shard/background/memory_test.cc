// When memory is short, graphs of sealed segments move into their files' pages, growing writes are
// refused, and new graphs wait.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "host/base/memory_guard.h"
#include "tests/shard/model.h"

namespace rhumb::shard::test {
namespace {

constexpr uint64_t kLimit = 1'000'000'000, kNormal = 0, kCold = kLimit / 10 * 9, kRefuse = kLimit;
// Three sealed segments and one that grows.
constexpr uint32_t kSealRows = 2048, kRows = 3 * kSealRows + kSealRows / 2;

class MemoryTest : public ::testing::Test {
 protected:
  MemoryTest() {
    h.options.segment.index_engine = "rhumb";
    h.options.segment.seal_rows = kSealRows;
    h.options.segment.graph_min_rows = 256;
    h.options.segment.memory = &guard;
    h.open();
  }
  void write(uint64_t first, uint64_t end) {
    for (uint64_t id = first; id < end; ++id)
      h.propose(upsert({point(id, embeddings.next_bytes())}));
    ASSERT_TRUE(h.apply().ok());
  }
  void set_used(uint64_t bytes) {
    used = bytes;
    guard.look();
    h->memory_changed();
  }
  // Sealing includes a checkpoint, after which graphs are complete and saved.
  void settle() {
    ASSERT_TRUE(h.checkpoint().ok());
    h.wait_indexed();
    ASSERT_TRUE(h.checkpoint().ok());
    h.wait_indexed();
  }
  // Returns the graph files of this shard that the process has mapped.
  std::set<std::string> mapped_graphs() const {
    std::set<std::string> found;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      const size_t path = line.find(h.directory());
      if (path != std::string::npos && line.ends_with("/graph")) found.insert(line.substr(path));
    }
    return found;
  }
  std::vector<std::vector<model::PointId>> answers() {
    std::vector<std::vector<model::PointId>> all;
    Embeddings queries(77, kDim);
    for (int i = 0; i < 50; ++i) {
      const auto found = h->search(nearest(queries.next_bytes(), 10), {});
      EXPECT_TRUE(found.ok()) << found.status().to_string();
      all.emplace_back();
      if (!found.ok()) continue;
      for (const auto& p : found->points) all.back().push_back(p.id);
    }
    return all;
  }

  std::atomic<uint64_t> used{kNormal};
  base::MemoryGuard guard{kLimit, [this] { return used.load(); }};
  Embeddings embeddings{1, kDim};
  Harness h;
};

TEST_F(MemoryTest, graphs_of_sealed_segments_leave_memory_and_find_the_same) {
  write(0, kRows);
  settle();
  EXPECT_TRUE(mapped_graphs().empty());
  const auto before = answers();
  set_used(kCold);
  h.wait_indexed();
  EXPECT_EQ(mapped_graphs().size(), 3u);
  EXPECT_EQ(answers(), before);
  EXPECT_TRUE(h->admit().ok());
  write(kRows, kRows + kSealRows);  // the growing segment is sealed meanwhile
  settle();
  EXPECT_EQ(mapped_graphs().size(), 4u);
  EXPECT_EQ(h->state().tail_rows, 0u);
}

TEST_F(MemoryTest, a_built_graph_leaves_memory_with_and_without_on_disk) {
  // `on_disk` takes effect when a graph is loaded. Until then the graph is in memory like any
  // other.
  model::CollectionConfig config = h.options.config;
  config.vectors[""].hnsw.on_disk = true;
  h.close();
  h.options.config = config;
  h.open();
  write(0, kRows);
  settle();
  EXPECT_TRUE(mapped_graphs().empty());
  set_used(kCold);
  h.wait_indexed();
  EXPECT_EQ(mapped_graphs().size(), 3u);
}

TEST_F(MemoryTest, a_graph_that_would_make_memory_short_is_mapped_from_the_start) {
  write(0, kRows);
  settle();
  h.close();
  h.open();
  EXPECT_TRUE(mapped_graphs().empty());
  h.close();
  used = kLimit / 10 * 8 - 1;
  h.open();
  EXPECT_EQ(guard.level(), base::MemoryLevel::kNormal);
  EXPECT_EQ(mapped_graphs().size(), 3u);
}

TEST_F(MemoryTest, at_the_limit_growing_writes_are_refused_and_graphs_wait) {
  write(0, 1000);
  h.wait_indexed();
  EXPECT_EQ(h->state().tail_rows, 0u);
  set_used(kRefuse);
  const base::Status refused = h->admit();
  EXPECT_EQ(refused.code(), base::Code::kMemoryFull);
  EXPECT_NE(refused.message().find("memory.limit_bytes"), std::string::npos) << refused.message();
  EXPECT_TRUE(h->admit(model::OperationKind::kDelete).ok());
  write(1000, 1500);  // committed earlier: it is applied and found, but not put into a graph
  h.wait_indexed();
  EXPECT_GE(h->state().tail_rows, 500u);
  const auto last = h->search(nearest(embeddings.next_bytes(), 1500), {});
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(last->points.size(), 1500u);
  set_used(kNormal);
  h.wait_indexed();
  EXPECT_EQ(h->state().tail_rows, 0u);
  EXPECT_TRUE(h->admit().ok());
}

}  // namespace
}  // namespace rhumb::shard::test
