// A shard measures the recall of its own searches. The result must equal a comparison with all
// points, whatever is written meanwhile, and the measuring must stay within its share of time.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "host/shard/background/query_reservoir.h"
#include "host/shard/background/rate_budget.h"
#include "tests/shard/harness.h"

namespace rhumb::shard::test {
namespace {

constexpr uint64_t kSeed = 41;

model::CollectionConfig promising(double recall, const std::string& hnsw = "") {
  model::CollectionConfig config = config_of();
  config.settings_json["contract"] = R"({"recall":)" + std::to_string(recall) + "}";
  if (!hnsw.empty()) config.hnsw.ef_construct = static_cast<uint32_t>(std::stoul(hnsw));
  return config;
}

class MeasurerTest : public ::testing::Test {
 protected:
  void begin(double recall, const std::string& ef_construct = "") {
    h = std::make_unique<Harness>(promising(recall, ef_construct));
    h->options.segment.graph_min_rows = 1000;
    h->options.segment.extents = {65536, 1u << 20};
    h->open();
  }
  void insert(uint64_t first, uint64_t n) {
    for (uint64_t at = first; at < first + n; at += 250) {
      std::vector<model::PointWrite> batch;
      for (uint64_t id = at; id < std::min(at + 250, first + n); ++id) {
        vectors[id] = embeddings.next();
        batch.push_back(
            point(id, bytes_of(vectors[id]), R"({"part":)" + std::to_string(id % 4) + "}"));
      }
      h->propose(upsert(batch));
    }
    ASSERT_TRUE(h->apply().ok());
  }
  void measured() {
    std::promise<void> done;
    (*h)->when_measured([&] { done.set_value(); });
    done.get_future().get();
  }
  // Returns how many of the closest ten a search finds.
  uint32_t found(const std::vector<float>& query, const model::SearchRequest& request) {
    const auto result = (*h)->search(request, {});
    EXPECT_TRUE(result.ok()) << result.status().to_string();
    std::vector<std::pair<float, uint64_t>> all;
    for (const auto& [id, vector] : vectors) {
      float dot = 0;
      for (uint32_t d = 0; d < kDim; ++d) dot += query[d] * vector[d];
      if (!request.filter || id % 4 == 1) all.emplace_back(-dot, id);
    }
    std::partial_sort(all.begin(), all.begin() + 10, all.end());
    uint32_t out = 0;
    for (int i = 0; i < 10; ++i)
      out += std::any_of(result->points.begin(), result->points.end(), [&](const model::Record& r) {
        return r.id.as_number() == all[static_cast<size_t>(i)].second;
      });
    return out;
  }
  model::SearchRequest request_of(const std::vector<float>& query, bool filtered = false) {
    model::SearchRequest request = nearest(bytes_of(query), 10);
    if (filtered) request.filter = match("part", int64_t{1});
    return request;
  }

  std::unique_ptr<Harness> h;
  Embeddings embeddings{kSeed, kDim, 12, 30};
  std::map<uint64_t, std::vector<float>> vectors;
};

TEST_F(MeasurerTest, the_measured_recall_is_that_of_searches) {
  begin(.9, "16");
  insert(0, 6000);
  h->wait_indexed();
  std::vector<std::vector<float>> queries;
  for (int i = 0; i < 200; ++i) queries.push_back(embeddings.next());
  for (const auto& query : queries) found(query, request_of(query));
  measured();
  const Measurer::State state = (*h)->recall();
  EXPECT_TRUE(state.searched);
  EXPECT_EQ(state.moved.samples, 0u);
  ASSERT_GE(state.searches.samples, 64u);
  EXPECT_GE(state.searches.interval.mean, .9);
  uint32_t hits = 0;
  for (const auto& query : queries) hits += found(query, request_of(query));
  const double real = hits / 2000.0;
  EXPECT_GE(real, state.searches.interval.low);
  EXPECT_LE(real, state.searches.interval.high);
  if (state.searches.samples >= 200)
    EXPECT_NEAR(real, state.searches.interval.mean, .0021)
        << "the same queries at the same breadth";
}

TEST_F(MeasurerTest, filtered_searches_count_whatever_is_written_meanwhile) {
  begin(.9);
  insert(0, 4000);
  h->wait_indexed();
  for (int i = 0; i < 100; ++i) {
    const std::vector<float> query = embeddings.next();
    found(query, request_of(query, true));
    // Earlier, any write between search and sample made the sample void.
    insert(4000 + static_cast<uint64_t>(i) % 3, 1);
  }
  ASSERT_TRUE(h->write(on(model::OperationKind::kDelete, {1, 5, 9})).ok());
  for (const uint64_t id : {1, 5, 9}) vectors.erase(id);
  measured();
  const Measurer::State state = (*h)->recall();
  EXPECT_GE(state.searches.samples, 64u);
  EXPECT_GE(state.searches.interval.mean, .9);
}

TEST_F(MeasurerTest, moved_points_are_measured_until_there_is_a_search) {
  begin(.95);
  insert(0, 4000);
  h->wait_indexed();
  measured();
  Measurer::State state = (*h)->recall();
  EXPECT_FALSE(state.searched);
  EXPECT_GE(state.moved.samples, 128u);
  EXPECT_EQ(state.searches.samples, 0u);
  EXPECT_TRUE(state.kept().has_value());
  const std::vector<float> query = embeddings.next();
  found(query, request_of(query));
  state = (*h)->recall();
  EXPECT_TRUE(state.searched);
  EXPECT_EQ(state.kept(), std::nullopt) << "one search, not measured yet";
  measured();
  state = (*h)->recall();
  EXPECT_EQ(state.searches.samples, 1u);
  EXPECT_EQ(state.kept(), std::nullopt) << "one sample decides nothing";
  EXPECT_GT(state.missing, 1u);
}

TEST_F(MeasurerTest, searches_with_an_ef_of_their_own_do_not_count) {
  begin(.95);
  insert(0, 2000);
  h->wait_indexed();
  const std::vector<float> query = embeddings.next();
  for (int kind = 0; kind < 4; ++kind) {
    model::SearchRequest request = request_of(query);
    if (kind == 0) request.params.ef = 50;
    if (kind == 1) request.params.exact = true;
    if (kind == 2) request.score_threshold = .1f;
    if (kind == 3) request.limit = base::limits::kRecallSampleHits + 1;
    ASSERT_TRUE((*h)->search(request, {}).ok());
  }
  EXPECT_FALSE((*h)->recall().searched);
}

TEST_F(MeasurerTest, a_measurement_ends_for_filters_that_pass_nothing_and_for_lone_points) {
  begin(.95);
  insert(0, 1);
  measured();
  EXPECT_EQ((*h)->recall().moved.samples, 0u);
  insert(1, 1999);
  h->wait_indexed();
  for (int i = 0; i < 200; ++i) {
    model::SearchRequest request = request_of(embeddings.next());
    request.filter = match("part", int64_t{77});
    ASSERT_TRUE((*h)->search(request, {}).ok());
  }
  measured();
  const Measurer::State state = (*h)->recall();
  EXPECT_EQ(state.searches.samples, 0u);
  EXPECT_EQ(state.kept(), std::nullopt);
  EXPECT_EQ(state.widen, 1);
}

TEST_F(MeasurerTest, a_shard_can_stop_during_a_measurement) {
  begin(.999);
  insert(0, 4000);
  h->wait_indexed();
  for (int i = 0; i < 300; ++i) {
    const std::vector<float> query = embeddings.next();
    found(query, request_of(query, i % 2 == 0));
  }
  std::promise<void> done;
  (*h)->when_measured([&] { done.set_value(); });
  h->abandon();
  done.get_future().get();
}

TEST(QueryReservoirTest, the_reservoir_keeps_the_latest_queries_within_its_bounds) {
  QueryReservoir reservoir;
  model::SearchRequest request = nearest(std::string(4096, 'x'), 7);
  for (uint64_t i = 0; i < 2 * base::limits::kRecallQueries; ++i) reservoir.offer(request, 1);
  QueryReservoir::Counts counts = reservoir.counts(1);
  EXPECT_LE(counts.held, base::limits::kRecallQueries);
  EXPECT_LE(counts.held * 4096, base::limits::kRecallQueryBytes);
  EXPECT_EQ(counts.fresh, counts.held);
  EXPECT_EQ(counts.hits, 7);
  EXPECT_FALSE(reservoir.offer(request, 1)) << "many wait already";
  std::vector<uint64_t> numbers;
  for (const auto& kept : reservoir.latest(counts.held)) numbers.push_back(kept.number);
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  reservoir.measured(numbers, 1);
  EXPECT_EQ(reservoir.counts(1).fresh, 0u);
  EXPECT_EQ(reservoir.counts(2).fresh, counts.held) << "in another epoch all are fresh";
  EXPECT_TRUE(reservoir.offer(request, 1));
  EXPECT_EQ(reservoir.fresh(64, 1).size(), 1u);
  request.vector.assign(base::limits::kRecallQueryBytes, 'x');
  EXPECT_FALSE(reservoir.offer(request, 1)) << "too large";
}

TEST(QueryReservoirTest, a_kept_search_is_a_copy_of_the_one_that_was_offered) {
  QueryReservoir reservoir;
  model::SearchRequest request = nearest("query", 7);
  request.filter = match("colour", std::string("red"));
  ASSERT_TRUE(reservoir.offer(request, 1));
  request.vector.clear();
  request.filter->must.clear();
  const auto kept = reservoir.latest(1);
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].request->vector, "query");
  EXPECT_EQ(kept[0].request->limit, 7u);
  EXPECT_EQ(kept[0].request->filter->must.at(0).key, "colour");
}

TEST(RateBudgetTest, the_budget_is_a_share_of_the_time) {
  RateBudget budget(.1, 1000);
  EXPECT_TRUE(budget.left(1));
  budget.spend(150);
  EXPECT_FALSE(budget.left(1));
  EXPECT_EQ(budget.wait_ns(10), 600u);
  EXPECT_TRUE(budget.left(601));
  EXPECT_TRUE(budget.left(1'000'000));
  budget.spend(101);
  EXPECT_FALSE(budget.left(1'000'000)) << "no more is saved up than a while's";
}

}  // namespace
}  // namespace rhumb::shard::test
