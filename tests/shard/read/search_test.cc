// Searches through the graph, the tail of rows that are not in the graph yet, and filters: the
// right points, the right scores, and a plan that says how they were found.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <future>

#include "host/base/limits.h"
#include "host/base/memory_guard.h"
#include "tests/shard/harness.h"

namespace rhumb::shard::test {
namespace {

constexpr uint64_t kSeed = 99;

class SearchTest : public ::testing::Test {
 protected:
  SearchTest() {
    std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
    h.options.segment.graph_min_rows = 1000;
    h.options.segment.extents = {65536, 1u << 20};
  }
  // Inserts the points [first, first + n) with {"tenant": id % 50, "even": ...}.
  void insert(uint64_t first, uint64_t n) {
    for (uint64_t at = first; at < first + n; at += 250) {
      std::vector<model::PointWrite> batch;
      for (uint64_t id = at; id < std::min(at + 250, first + n); ++id) {
        vectors.push_back(embeddings.next());
        batch.push_back(point(id, bytes_of(vectors.back()),
                              R"({"tenant":)" + std::to_string(id % 50) + R"(,"even":)" +
                                  (id % 2 == 0 ? "true" : "false") + "}"));
      }
      h.propose(upsert(batch));
    }
    const base::Status applied = h.apply();
    ASSERT_TRUE(applied.ok()) << applied.to_string();
  }
  std::vector<uint64_t> truth(const std::vector<float>& query, size_t k,
                              const std::function<bool(uint64_t)>& passes = {}) {
    std::vector<std::pair<float, uint64_t>> all;
    for (uint64_t id = 0; id < vectors.size(); ++id) {
      if (passes && !passes(id)) continue;
      float dot = 0;
      for (uint32_t d = 0; d < kDim; ++d) dot += query[d] * vectors[id][d];
      all.emplace_back(-dot, id);
    }
    std::sort(all.begin(), all.end());
    std::vector<uint64_t> ids;
    for (size_t i = 0; i < std::min(k, all.size()); ++i) ids.push_back(all[i].second);
    return ids;
  }
  // Returns the fraction of the true neighbours found over some queries. Every plan must have the
  // strategy.
  double recall(const std::string& strategy, const std::function<bool(uint64_t)>& passes,
                const std::function<std::optional<model::Filter>()>& filter) {
    size_t found = 0, possible = 0;
    for (int q = 0; q < 50; ++q) {
      const auto query = embeddings.next();
      auto request = nearest(bytes_of(query), 10);
      request.params.explain = true;
      request.filter = filter();
      const auto result = h->search(request, {});
      EXPECT_TRUE(result.ok()) << result.status().to_string();
      for (const auto& plan : result->plan) EXPECT_EQ(plan.strategy, strategy);
      const auto expected = truth(query, 10, passes);
      EXPECT_EQ(result->points.size(), expected.size());
      for (const auto& record : result->points) {
        EXPECT_TRUE(!passes || passes(record.id.as_number()));
        found += std::count(expected.begin(), expected.end(), record.id.as_number());
      }
      possible += expected.size();
    }
    return static_cast<double>(found) / static_cast<double>(possible);
  }

  Harness h;
  Embeddings embeddings{kSeed, kDim};
  std::vector<std::vector<float>> vectors;
};

TEST_F(SearchTest, small_segments_are_scanned) {
  h.open();
  insert(0, 900);
  h.wait_indexed();
  EXPECT_EQ(recall("scan", {}, [] { return std::nullopt; }), 1.0);
  EXPECT_TRUE(h->state().green);
  EXPECT_EQ(h->state().tail_rows, 0u);
}

TEST_F(SearchTest, the_graph_and_the_tail_are_searched_together) {
  h.open();
  insert(0, 4000);
  h.wait_indexed();
  insert(4000, 700);  // found whether they are in the graph already or not
  EXPECT_GE(recall("graph", {}, [] { return std::nullopt; }), 0.97);
  h.wait_indexed();
  EXPECT_EQ(h->state().tail_rows, 0u);
  EXPECT_GE(h->state().indexed_vectors, 4600u);
  EXPECT_GE(recall("graph", {}, [] { return std::nullopt; }), 0.97);
}

TEST_F(SearchTest, filters_are_answered_through_indexes) {
  h.open();
  insert(0, 5000);
  auto config = h.options.config;
  config.payload_indexes["tenant"].type = model::FieldType::kInteger;
  config.payload_indexes["even"].type = model::FieldType::kBool;
  ASSERT_TRUE(h.configure(config).ok());
  h.wait_indexed();
  const auto tenant = [](uint64_t id) { return id % 50 == 7; };
  EXPECT_EQ(recall("filter_scan", tenant, [] { return match("tenant", int64_t{7}); }), 1.0);
  const auto even = [](uint64_t id) { return id % 2 == 0; };
  EXPECT_GE(recall("filtered_graph", even, [] { return match("even", true); }), 0.95);

  auto request = nearest(embeddings.next_bytes(), 10);
  request.params.explain = true;
  request.filter = match("tenant", int64_t{7});
  const auto result = h->search(request, {});
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->plan.size(), 1u);
  EXPECT_EQ(result->plan[0].index, "tenant");
  EXPECT_EQ(result->plan[0].passed, 100u);
  EXPECT_LE(result->plan[0].rows_examined, 200u);
  std::map<std::string, uint64_t> points;
  for (const auto& [field, n] : h->state().index_points) points[field] = n;
  EXPECT_EQ(points["tenant"], 5000u);

  config.payload_indexes.erase("tenant");
  ASSERT_TRUE(h.configure(config).ok());
  request.filter = match("tenant", int64_t{7});
  const auto unindexed = h->search(request, {});
  ASSERT_TRUE(unindexed.ok());
  EXPECT_EQ(unindexed->plan[0].index, "");
  EXPECT_EQ(unindexed->plan[0].passed, 100u);
}

TEST_F(SearchTest, scores_thresholds_and_the_end_of_the_data_are_right) {
  h.open();
  insert(0, 30);
  const auto query = embeddings.next();
  auto request = nearest(bytes_of(query), 100);
  auto result = h->search(request, {});
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->points.size(), 30u);
  for (size_t i = 0; i + 1 < 30; ++i)
    EXPECT_GE(result->points[i].score, result->points[i + 1].score);
  for (const auto& record : result->points) {
    float dot = 0;
    for (uint32_t d = 0; d < kDim; ++d) dot += query[d] * vectors[record.id.as_number()][d];
    EXPECT_NEAR(record.score, dot, 1e-4f);
  }
  request.score_threshold = result->points[9].score;
  result = h->search(request, {});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->points.size(), 10u);

  Harness euclid(config_of(model::Distance::kEuclid));
  euclid.open();
  ASSERT_TRUE(euclid
                  .write(upsert({point(1, bytes_of(std::vector<float>(kDim, 0.0f))),
                                 point(2, bytes_of(std::vector<float>(kDim, 3.0f)))}))
                  .ok());
  auto near = nearest(bytes_of(std::vector<float>(kDim, 1.0f)), 5);
  auto distances = euclid->search(near, {});
  ASSERT_TRUE(distances.ok());
  ASSERT_EQ(distances->points.size(), 2u);
  EXPECT_FLOAT_EQ(distances->points[0].score, 4.0f);  // sqrt(16)
  EXPECT_FLOAT_EQ(distances->points[1].score, 8.0f);
  near.score_threshold = 5.0f;  // an upper bound
  distances = euclid->search(near, {});
  ASSERT_EQ(distances->points.size(), 1u);
}

TEST_F(SearchTest, equal_scores_come_in_the_order_of_ids) {
  h.open();
  const auto v = embeddings.next_bytes();
  std::vector<model::PointWrite> points;
  for (const uint64_t id : {9, 3, 7, 1, 5}) points.push_back(point(id, v));
  ASSERT_TRUE(h.write(upsert(points)).ok());
  const auto result = h->search(nearest(v, 5), {});
  ASSERT_TRUE(result.ok());
  std::vector<uint64_t> ids;
  for (const auto& record : result->points) ids.push_back(record.id.as_number());
  EXPECT_EQ(ids, (std::vector<uint64_t>{1, 3, 5, 7, 9}));
}

TEST_F(SearchTest, wrong_requests_are_named) {
  h.open();
  insert(0, 10);
  auto request = nearest("short", 3);
  EXPECT_EQ(h->search(request, {}).status().code(), base::Code::kInvalid);
  request = nearest(embeddings.next_bytes(), 3);
  request.vector_name = "nope";
  EXPECT_NE(h->search(request, {}).status().message().find("nope"), std::string::npos);
  ReadContext late;
  late.deadline.at_ns = 1;
  request.vector_name = "";
  EXPECT_EQ(h->search(request, late).status().code(), base::Code::kTimeout);
  const std::atomic<bool> cancelled{true};
  EXPECT_EQ(h->search(request, {{}, &cancelled}).status().code(), base::Code::kCancelled);
}

TEST_F(SearchTest, has_id_finds_the_points_that_exist) {
  h.open();
  insert(0, 500);
  model::Filter filter;
  filter.must.emplace_back();
  filter.must[0].test = model::HasId{
      {model::PointId::number(3), model::PointId::number(77), model::PointId::number(100000)}};
  model::CountRequest count;
  count.filter = filter;
  EXPECT_EQ(*h->count(count, {}), 2u);
  ASSERT_TRUE(h.write(upsert({point(77, embeddings.next_bytes())})).ok());  // a new slot
  EXPECT_EQ(*h->count(count, {}), 2u);
  ASSERT_TRUE(h.write(on(model::OperationKind::kDelete, {3})).ok());
  EXPECT_EQ(*h->count(count, {}), 1u);
}

TEST_F(SearchTest, a_failed_graph_is_scanned_and_built_again) {
  h.open();
  insert(0, 3000);
  h.wait_indexed();
  ASSERT_TRUE(h.checkpoint().ok());
  h.close();
  const std::string graph = h.directory() + "/segments/1/graph.0";
  ASSERT_TRUE(std::filesystem::exists(graph));
  for (const auto& file : std::filesystem::directory_iterator(graph))
    std::filesystem::resize_file(file.path(), std::filesystem::file_size(file.path()) / 2);
  h.open();
  // The query is answered whatever the indexer has reached.
  EXPECT_GE(recall("scan", {}, [] { return std::nullopt; }), 0.0);
  h.wait_indexed();
  EXPECT_GE(recall("graph", {}, [] { return std::nullopt; }), 0.97);
}

TEST_F(SearchTest, reads_end_at_their_deadline_and_when_they_are_cancelled) {
  h.open();
  insert(0, 300);
  const std::atomic<bool> cancelled{true};
  const struct {
    ReadContext context;
    base::Code code;
  } cases[] = {{{base::Deadline{1}}, base::Code::kTimeout},
               {{{}, &cancelled}, base::Code::kCancelled}};
  for (const auto& c : cases) {
    for (const bool exact : {false, true}) {
      auto request = nearest(embeddings.next_bytes(), 10);
      request.params.exact = exact;
      EXPECT_EQ(h->search(request, c.context).status().code(), c.code);
    }
    model::GetRequest get;
    for (uint64_t id = 0; id < 300; ++id) get.ids.push_back(model::PointId::number(id));
    EXPECT_EQ(h->get(get, c.context).status().code(), c.code);
    for (const bool filtered : {false, true}) {
      model::ScrollRequest scroll;
      scroll.limit = 200;
      if (filtered) scroll.filter = match("tenant", int64_t{7});
      EXPECT_EQ(h->scroll(scroll, c.context).status().code(), c.code);
    }
    model::CountRequest count;
    count.filter = match("tenant", int64_t{7});
    EXPECT_EQ(h->count(count, c.context).status().code(), c.code);
  }
  EXPECT_TRUE(h->search(nearest(embeddings.next_bytes(), 10), {}).ok());
}

TEST_F(SearchTest, a_limit_beyond_the_points_gives_all_of_them) {
  h.open();
  insert(0, 2500);
  h.wait_indexed();
  ASSERT_GT(h->state().indexed_vectors, 0u);
  for (const uint32_t limit :
       {2500u, 100'001u, base::limits::kMaxLimit, 2 * base::limits::kMaxLimit}) {
    const auto result = h->search(nearest(embeddings.next_bytes(), limit), {});
    ASSERT_TRUE(result.ok()) << result.status().to_string();
    EXPECT_EQ(result->points.size(), 2500u) << limit;
    EXPECT_TRUE(std::is_sorted(result->points.begin(), result->points.end(),
                               [](const auto& a, const auto& b) { return a.score > b.score; }));
  }
}

TEST_F(SearchTest, memory_for_many_hits_is_asked_for_first) {
  std::atomic<uint64_t> used = 0;
  constexpr uint64_t kLimit = 1'000'000'000;
  base::MemoryGuard guard(kLimit, [&] { return used.load(); });
  h.options.segment.graph_min_rows = 1u << 20;
  h.options.segment.memory = &guard;
  h.open();
  const std::string v = bytes_of(embeddings.next());
  for (uint64_t first = 0; first < 70'000; first += 1000) {
    std::vector<model::PointWrite> batch;
    for (uint64_t id = first; id < first + 1000; ++id) batch.push_back(point(id, v));
    h.propose(upsert(batch));
  }
  ASSERT_TRUE(h.apply().ok());
  used = kLimit * 3 / 4;
  EXPECT_TRUE(h->search(nearest(v, 70'000), {}).ok());
  used = kLimit - 1000;
  const auto many = h->search(nearest(v, 70'000), {});
  ASSERT_FALSE(many.ok());
  EXPECT_EQ(many.status().code(), base::Code::kMemoryFull);
  EXPECT_NE(many.status().message().find("70000 hits"), std::string::npos)
      << many.status().message();
  EXPECT_TRUE(h->search(nearest(v, 60'000), {}).ok()) << "a few go on";
  h.close();
}

}  // namespace
}  // namespace rhumb::shard::test
