// A collection's settings for graphs can change while it runs. Graphs that are there are built
// again with them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "tests/shard/harness.h"

namespace rhumb::shard::test {
namespace {

// The offset of m in the file of index_hnsw (docs/formats/hnsw.md), after the header of a block
// file.
constexpr size_t kMAt = 64 + 12;

model::CollectionConfig with_m(uint32_t m) {
  model::CollectionConfig config = config_of();
  config.hnsw.m = m;
  return config;
}

class GraphSettingsTest : public ::testing::Test {
 protected:
  GraphSettingsTest() { h.options.segment.graph_min_rows = 1000; }
  void insert(uint64_t first, uint64_t n) {
    std::vector<model::PointWrite> batch;
    for (uint64_t id = first; id < first + n; ++id)
      batch.push_back(point(id, embeddings.next_bytes()));
    h.propose(upsert(batch));
    ASSERT_TRUE(h.apply().ok());
  }
  // Returns how the segment is searched. All but a few of the hits must be those of an exact
  // search.
  std::string strategy(bool indexed_only = false) {
    size_t found = 0, wanted = 0;
    std::string how;
    for (int q = 0; q < 20; ++q) {
      auto request = nearest(embeddings.next_bytes(), 10);
      request.params.explain = true;
      request.params.indexed_only = indexed_only;
      const auto some = h->search(request, {});
      request.params.indexed_only = false;
      request.params.exact = true;
      const auto all = h->search(request, {});
      EXPECT_TRUE(some.ok() && all.ok());
      for (const auto& hit : all->points) {
        found += std::count_if(some->points.begin(), some->points.end(),
                               [&](const auto& other) { return other.id == hit.id; });
      }
      wanted += all->points.size();
      how = some->plan.at(0).strategy;
    }
    EXPECT_GE(static_cast<double>(found), 0.95 * static_cast<double>(wanted));
    return how;
  }
  uint32_t m_of_saved_graph() const {
    std::ifstream file(h.directory() + "/segments/1/graph.0/graph", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    uint32_t m = 0;
    if (bytes.size() >= kMAt + sizeof m) std::memcpy(&m, bytes.data() + kMAt, sizeof m);
    return m;
  }

  Harness h{with_m(0)};
  Embeddings embeddings{31, kDim};
};

// This is Qdrant's way to load first and index later.
TEST_F(GraphSettingsTest, without_links_nothing_is_built_and_nothing_waits) {
  h.open();
  insert(0, 3000);
  h.wait_indexed();
  EXPECT_EQ(strategy(), "scan");
  EXPECT_EQ(strategy(/*indexed_only=*/true), "scan") << "no row waits for a graph";
  EXPECT_TRUE(h->state().green);
  EXPECT_EQ(h->state().tail_rows, 0u);
  EXPECT_EQ(h->state().indexed_vectors, 0u);
  ASSERT_TRUE(h.checkpoint().ok());
  EXPECT_EQ(m_of_saved_graph(), 0u) << "there is no file";
  ASSERT_TRUE(h.configure(with_m(8)).ok());
  h.wait_indexed();
  EXPECT_EQ(strategy(), "graph");
  EXPECT_GE(h->state().indexed_vectors, 2900u);
  h.close();
}

TEST_F(GraphSettingsTest, without_a_thread_for_it_a_graph_keeps_its_settings) {
  h.options.config = with_m(8);
  h.open();
  insert(0, 3000);
  h.wait_indexed();
  for (const uint32_t m : {24u, 0u}) {
    ASSERT_TRUE(h.configure(with_m(m)).ok());
    ASSERT_TRUE(h.checkpoint().ok());
    h.close();
    EXPECT_EQ(m_of_saved_graph(), 8u);
    h.open();
    insert(10'000 * (m + 1), 1500);
    h.wait_indexed();
    EXPECT_EQ(strategy(), "graph");
    EXPECT_EQ(h->state().tail_rows, 0u);
  }
  ASSERT_TRUE(h.checkpoint().ok());
  h.close();
  EXPECT_EQ(m_of_saved_graph(), 8u);
}

TEST_F(GraphSettingsTest, a_graph_is_built_again_with_new_settings) {
  base::Executor renewers{"renew", 1, 16};
  h.options.segment.renewers = &renewers;
  h.options.config = with_m(8);
  h.open();
  insert(0, 3000);
  h.wait_indexed();
  ASSERT_TRUE(h.checkpoint().ok());
  h.wait_indexed();
  EXPECT_EQ(m_of_saved_graph(), 8u);
  // Where the vectors lie is no reason to build the graph again.
  model::CollectionConfig elsewhere = with_m(8);
  elsewhere.vectors.begin()->second.on_disk = true;
  elsewhere.hnsw.on_disk = true;
  ASSERT_TRUE(h.configure(elsewhere).ok());
  h.wait_indexed();
  EXPECT_TRUE(h->state().green);
  EXPECT_EQ(m_of_saved_graph(), 8u);

  ASSERT_TRUE(h.configure(with_m(24)).ok());
  h.wait_indexed();
  EXPECT_EQ(strategy(), "graph");
  EXPECT_EQ(m_of_saved_graph(), 24u) << "it was saved when it was published";
  EXPECT_EQ(h->state().warning, "");
  h.abandon();
  h.options.config = with_m(12);  // changed while the shard was closed
  h.open();
  h.wait_indexed();
  EXPECT_EQ(m_of_saved_graph(), 12u);
  ASSERT_TRUE(h.configure(with_m(0)).ok());
  insert(50'000, 1500);
  h.wait_indexed();
  EXPECT_EQ(strategy(), "graph");
  h.close();
  EXPECT_EQ(m_of_saved_graph(), 12u)
      << "without links nothing is built, and nothing is thrown away";
}

model::CollectionConfig with_threshold(const std::string& kilobytes) {
  model::CollectionConfig config = config_of();
  config.settings_json["optimizers_config"] = R"({"indexing_threshold":)" + kilobytes + "}";
  return config;
}
constexpr uint64_t kRowsPerKilobyte = 1024 / (kDim * sizeof(float));

TEST_F(GraphSettingsTest, a_threshold_of_zero_switches_graphs_off_until_it_is_raised) {
  h.options.config = with_threshold("0");
  h.open();
  insert(0, 3000);
  h.wait_indexed();
  EXPECT_EQ(strategy(), "scan");
  EXPECT_EQ(strategy(/*indexed_only=*/true), "scan") << "no row waits for a graph";
  EXPECT_TRUE(h->state().green);
  EXPECT_EQ(h->state().indexed_vectors, 0u);
  ASSERT_TRUE(h.configure(with_threshold("10000")).ok());
  h.wait_indexed();
  EXPECT_EQ(h->state().indexed_vectors, 0u) << "more than there is";
  ASSERT_TRUE(h.configure(with_threshold(std::to_string(2000 / kRowsPerKilobyte))).ok());
  h.wait_indexed();
  EXPECT_GE(h->state().indexed_vectors, 2900u);
  EXPECT_EQ(strategy(), "graph");
  // A graph that was begun goes on growing.
  ASSERT_TRUE(h.configure(with_threshold("0")).ok());
  insert(5000, 1500);
  h.wait_indexed();
  EXPECT_GE(h->state().indexed_vectors, 4400u);
  h.close();
}

TEST_F(GraphSettingsTest, a_small_threshold_indexes_early) {
  h.options.config = with_threshold("5");
  h.open();
  insert(0, 5 * kRowsPerKilobyte - 1);
  h.wait_indexed();
  EXPECT_EQ(h->state().indexed_vectors, 0u);
  insert(5 * kRowsPerKilobyte - 1, 1);
  h.wait_indexed();
  EXPECT_EQ(h->state().indexed_vectors, 5 * kRowsPerKilobyte)
      << "fewer than the 1,000 that are the house's";
  h.close();
  h.open();
  h.wait_indexed();
  EXPECT_EQ(h->state().indexed_vectors, 5 * kRowsPerKilobyte) << "after a restart, too";
}

}  // namespace
}  // namespace rhumb::shard::test
