// Multivectors in a shard. Searches through graphs of their rows find what comparing everything
// finds, with filters, while points change, and after restarts.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <future>
#include <set>
#include <thread>

#include "host/segment/search/search.h"
#include "tests/shard/harness.h"

namespace rhumb::shard::test {
namespace {

constexpr uint64_t kSeed = 1234;
constexpr uint32_t kRowDim = 32, kRow = kRowDim * sizeof(float);

// Points as late-interaction models make them: each has some topics, and rows near those.
class Documents {
 public:
  explicit Documents(uint64_t seed) : random_(seed), topics_(kSeed, kRowDim, 12, 400) {
    for (int i = 0; i < 400; ++i) centres_.push_back(topics_.next());
  }
  std::string next(uint32_t rows) {
    std::normal_distribution<float> normal;
    const size_t own[] = {random_() % 400, random_() % 400, random_() % 400};
    std::string bytes;
    for (uint32_t i = 0; i < rows; ++i) {
      std::vector<float> row = centres_[own[random_() % 3]];
      for (float& x : row) x += 0.12f * normal(random_);
      rhumb_normalise_f32(row.data(), kRowDim);
      bytes += bytes_of(row);
    }
    return bytes;
  }
  std::string point() { return next(2 + static_cast<uint32_t>(random_() % 8)); }
  uint64_t draw(uint64_t n) { return random_() % n; }

 private:
  std::mt19937_64 random_;
  Embeddings topics_;
  std::vector<std::vector<float>> centres_;
};

float max_sim(const std::string& query, const std::string& point) {
  float sum = 0;
  for (size_t q = 0; q < query.size(); q += kRow) {
    float best = -2;
    for (size_t p = 0; p < point.size(); p += kRow) {
      float a[kRowDim], b[kRowDim], dot = 0;
      std::memcpy(a, query.data() + q, kRow);
      std::memcpy(b, point.data() + p, kRow);
      for (uint32_t d = 0; d < kRowDim; ++d) dot += a[d] * b[d];
      best = std::max(best, dot);
    }
    sum += best;
  }
  return sum;
}

model::CollectionConfig config_of_rows() {
  model::CollectionConfig config = config_of(model::Distance::kCosine, kRowDim);
  config.vectors[""].multivector = true;
  config.payload_indexes["tenant"].type = model::FieldType::kInteger;
  config.payload_indexes["even"].type = model::FieldType::kBool;
  return config;
}

class MultivectorTest : public ::testing::Test {
 protected:
  MultivectorTest() : h(config_of_rows()) {
    std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
    h.options.segment.graph_min_rows = 1000;
    h.options.segment.extents = {65536, 1u << 20};
  }
  model::PointWrite fresh(uint64_t id, Documents& from) {
    return point(id, from.point(),
                 R"({"tenant":)" + std::to_string(id % 50) + R"(,"even":)" +
                     (id % 2 == 0 ? "true" : "false") + "}");
  }
  void insert(uint64_t first, uint64_t n) {
    for (uint64_t at = first; at < first + n; at += 250) {
      std::vector<model::PointWrite> batch;
      for (uint64_t id = at; id < std::min(at + 250, first + n); ++id) {
        batch.push_back(fresh(id, documents));
        points[id] = batch.back().vectors[0].bytes;
      }
      h.propose(upsert(batch));
    }
    const base::Status applied = h.apply();
    ASSERT_TRUE(applied.ok()) << applied.to_string();
  }
  using Passes = std::function<bool(uint64_t)>;
  std::vector<std::pair<float, uint64_t>> truth(const std::string& query, size_t k,
                                                const Passes& passes) {
    std::vector<std::pair<float, uint64_t>> all;
    for (const auto& [id, bytes] : points) {
      if (!passes || passes(id)) all.emplace_back(-max_sim(query, bytes), id);
    }
    std::sort(all.begin(), all.end());
    if (all.size() > k) all.resize(k);
    return all;
  }
  // Returns the fraction of the true ten that searches find. Every plan must have the strategy, and
  // every score must be the point's.
  double recall(const std::string& strategy, const Passes& passes = {},
                const std::function<std::optional<model::Filter>()>& filter = {},
                uint32_t query_rows = 8) {
    size_t found = 0, possible = 0;
    double ms = 0, exact_ms = 0;
    for (int q = 0; q < 40; ++q) {
      const std::string query = documents.next(query_rows);
      auto request = nearest(query, 10);
      request.params.explain = true;
      if (filter) request.filter = filter();
      const auto result = timed(request, ms);
      auto exact = nearest(query, 10);
      exact.params.exact = true;
      EXPECT_TRUE(timed(exact, exact_ms).ok());
      EXPECT_TRUE(result.ok()) << result.status().to_string();
      if (!result.ok()) return 0;
      for (const auto& plan : result->plan) EXPECT_EQ(plan.strategy, strategy);
      const auto expected = truth(query, 10, passes);
      EXPECT_EQ(result->points.size(), expected.size());
      for (const auto& record : result->points) {
        const uint64_t id = record.id.as_number();
        EXPECT_TRUE(!passes || passes(id));
        EXPECT_NEAR(record.score, max_sim(query, points.at(id)), 1e-3f);
        found += std::count_if(expected.begin(), expected.end(),
                               [&](const auto& e) { return e.second == id; });
      }
      possible += expected.size();
    }
    const double part = static_cast<double>(found) / static_cast<double>(possible);
    std::printf("%s, %u rows asked: recall %.4f, %.2f ms, exactly %.2f ms\n", strategy.c_str(),
                query_rows, part, ms / 40, exact_ms / 40);
    return part;
  }

  base::Result<model::SearchResult> timed(const model::SearchRequest& request, double& ms) {
    const auto start = std::chrono::steady_clock::now();
    auto result = h->search(request, {});
    ms +=
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    return result;
  }

  Harness h;
  Documents documents{kSeed};
  std::map<uint64_t, std::string> points;
};

TEST_F(MultivectorTest, few_rows_are_scanned) {
  h.open();
  insert(0, 150);
  h.wait_indexed();
  EXPECT_EQ(recall("scan"), 1.0);
  EXPECT_TRUE(h->state().green);
}

TEST_F(MultivectorTest, a_graph_of_rows_finds_the_points) {
  h.open();
  insert(0, 6000);
  h.wait_indexed();
  EXPECT_EQ(h->state().tail_rows, 0u);
  EXPECT_EQ(h->state().indexed_vectors, 6000u) << "points, not rows";
  EXPECT_GE(recall("graph"), 0.95);
  EXPECT_GE(recall("graph", {}, {}, 1), 0.95);
  EXPECT_GE(recall("graph", {}, {}, 32), 0.95);
  insert(6000, 300);  // may or may not be in the graph when searched
  EXPECT_GE(recall("graph"), 0.95);
}

class PaddedMultivectorTest : public MultivectorTest,
                              public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Engines, PaddedMultivectorTest, ::testing::Values("hnsw", "rhumb"),
                         [](const auto& info) { return std::string(info.param); });

// Clients send batches in which all points, and the queries, are padded with zeros to as many rows
// as the longest point has.
TEST_P(PaddedMultivectorTest, rows_of_zeros_are_not_searched_and_count_as_zeros) {
  h.options.segment.index_engine = GetParam();
  h.open();
  std::vector<model::PointWrite> batch;
  for (uint64_t id = 0; id < 5000; ++id) {
    points[id] = documents.next(1 + static_cast<uint32_t>(id % 4));
    points[id].resize(4 * kRow, '\0');
    batch.push_back(point(id, points[id]));
  }
  ASSERT_TRUE(h.write(upsert(batch)).ok());
  h.wait_indexed();
  size_t found = 0;
  uint64_t plain_work = 0, padded_work = 0;
  for (int q = 0; q < 40; ++q) {
    const std::string query = documents.next(3);
    for (const bool padded : {false, true}) {
      auto request = nearest(query + std::string(padded ? 5 * kRow : 0, '\0'), 10);
      request.params.explain = true;
      const auto result = h->search(request, {});
      ASSERT_TRUE(result.ok()) << result.status().to_string();
      ASSERT_EQ(result->points.size(), 10u);
      const auto expected = truth(query, 10, {});
      for (const auto& record : result->points) {
        EXPECT_NEAR(record.score, max_sim(query, points.at(record.id.as_number())), 1e-3f)
            << "zeros add nothing";
        found += std::count_if(expected.begin(), expected.end(),
                               [&](const auto& e) { return e.second == record.id.as_number(); });
      }
      EXPECT_EQ(result->plan.at(0).strategy, "graph");
      (padded ? padded_work : plain_work) += result->plan.at(0).distances;
    }
  }
  std::printf("%zu of 800 found, %llu comparisons, %llu of padded queries\n", found,
              static_cast<unsigned long long>(plain_work),
              static_cast<unsigned long long>(padded_work));
  EXPECT_GE(found, 760u) << "of 800";
  EXPECT_LT(padded_work * 5, plain_work * 11)
      << "for 5 of 8 rows no graph is walked; only the points' comparison has 8 rows";
  const auto nothing = h->search(nearest(std::string(3 * kRow, '\0'), 10), {});
  ASSERT_TRUE(nothing.ok());
  EXPECT_EQ(nothing->points.size(), 10u);
  EXPECT_NEAR(nothing->points[0].score, 0, 1e-6f);
}

TEST_F(MultivectorTest, filters_work_on_the_graph) {
  h.open();
  insert(0, 8000);
  h.wait_indexed();
  const auto even = [](uint64_t id) { return id % 2 == 0; };
  EXPECT_GE(recall("filtered_graph", even, [] { return match("even", true); }), 0.95);
  const auto tenant = [](uint64_t id) { return id % 50 == 7; };
  EXPECT_EQ(recall("filter_scan", tenant, [] { return match("tenant", int64_t{7}); }), 1.0)
      << "few points: all are compared";
}

TEST_F(MultivectorTest, deleted_and_replaced_points_are_gone) {
  h.open();
  insert(0, 4000);
  h.wait_indexed();
  std::vector<uint64_t> gone;
  for (uint64_t id = 0; id < 4000; id += 3) gone.push_back(id);
  ASSERT_TRUE(h.write(on(model::OperationKind::kDelete, gone)).ok());
  for (const uint64_t id : gone) points.erase(id);
  EXPECT_GE(recall("graph"), 0.95);
  for (uint64_t id = 1; id < 4000; id += 300) insert(id, 1);
  h.wait_indexed();
  EXPECT_GE(recall("graph"), 0.95);
  // More points than the rows of one query row lead to.
  auto request = nearest(documents.next(1), 4000);
  const auto all = h->search(request, {});
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->points.size(), points.size()) << "what the graph does not reach is scanned";
}

TEST_F(MultivectorTest, saved_graphs_are_loaded_and_damaged_ones_built_again) {
  h.open();
  insert(0, 3000);
  h.wait_indexed();
  ASSERT_TRUE(h.checkpoint().ok());
  insert(3000, 200);
  h.abandon();
  h.open();
  EXPECT_GE(h->state().indexed_vectors, 3000u);
  EXPECT_GE(recall("graph"), 0.95);
  h.wait_indexed();
  EXPECT_GE(recall("graph"), 0.95);
  h.close();
  const std::string graph = h.directory() + "/segments/1/graph.0";
  ASSERT_TRUE(std::filesystem::exists(graph));
  for (const auto& file : std::filesystem::directory_iterator(graph))
    std::filesystem::resize_file(file.path(), std::filesystem::file_size(file.path()) / 2);
  h.open();
  h.wait_indexed();
  EXPECT_GE(recall("graph"), 0.95);
  const auto verified = h->verify({});
  ASSERT_TRUE(verified.ok());
  EXPECT_TRUE(verified->problems.empty());
  EXPECT_EQ(verified->points, points.size());
}

// As in ConcurrentTest.every_view_is_consistent, a point that changes all the time never vanishes
// and never shows twice.
TEST_F(MultivectorTest, points_change_while_they_are_searched) {
  constexpr uint64_t kIds = 400;
  h.options.segment.graph_min_rows = 300;
  h.options.segment.max_rows = 900;
  h.options.checkpoint_points = 2000;
  h.open();
  insert(0, kIds);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> searches{0};
  std::thread reader([&] {
    Documents own(kSeed + 1);
    while (!stop.load()) {
      const auto found = h->search(nearest(own.next(4), kIds), {});
      ASSERT_TRUE(found.ok()) << found.status().to_string();
      std::set<uint64_t> ids;
      for (const auto& record : found->points) ids.insert(record.id.as_number());
      ASSERT_EQ(found->points.size(), kIds);
      ASSERT_EQ(ids.size(), kIds);
      const auto few = h->search(nearest(own.next(4), 5), {});
      ASSERT_TRUE(few.ok()) << few.status().to_string();
      ASSERT_EQ(few->points.size(), 5u);
      searches.fetch_add(1);
    }
  });
  for (int round = 0; round < 20; ++round) insert(0, kIds);
  while (searches.load() < 20) std::this_thread::yield();
  stop.store(true);
  reader.join();
  h.wait_indexed();
  EXPECT_GT(h->state().segments, 3u);
  EXPECT_GE(recall("graph"), 0.95);
}

TEST_F(MultivectorTest, the_contract_is_measured) {
  h.options.config.settings_json["contract"] = R"({"recall":0.999})";
  h.open();
  insert(0, 3000);
  h.wait_indexed();
  auto request = nearest(documents.next(1), 30);
  for (int i = 0; i < 20; ++i) {
    request.vector = documents.next(4);
    ASSERT_TRUE(h->search(request, {}).ok());
  }
  std::promise<void> measured;
  h->when_measured([&] { measured.set_value(); });
  measured.get_future().get();
  const auto state = h->recall();
  EXPECT_EQ(state.searches.samples, 20u);
  EXPECT_GE(state.searches.interval.mean, 0.9);
  EXPECT_EQ(state.moved.samples, 0u);
}

TEST_F(MultivectorTest, a_vector_that_is_no_whole_number_of_rows_is_refused) {
  h.open();
  insert(0, 10);
  auto request = nearest(documents.next(2) + "x", 3);
  EXPECT_EQ(h->search(request, {}).status().code(), base::Code::kInvalid);
  request = nearest("", 3);
  EXPECT_EQ(h->search(request, {}).status().code(), base::Code::kInvalid);
}

// A contract that is not kept widens searches: the ef of each row's walk is multiplied by the
// factor, so it finds no less.
TEST(MultivectorWalkTest, a_walk_is_as_broad_as_the_contract_asks) {
  constexpr uint32_t kPoints = 4000;
  const Harness h;  // used for its directory
  segment::SegmentOptions options;
  options.max_rows = kPoints;
  options.max_bytes = 1u << 24;
  options.graph_min_rows = 1000;
  options.extents = {65536, 1u << 20};
  options.plugins = &plugins();
  std::filesystem::create_directories(h.directory());
  const auto made = segment::Segment::create(h.directory() + "/1", 1,
                                             segment::vector_specs(config_of_rows()), options);
  ASSERT_TRUE(made.ok()) << made.status().to_string();
  segment::Segment& rows = **made;
  Documents documents(kSeed);
  for (uint32_t slot = 0; slot < kPoints; ++slot) {
    const std::string key = "\x03k" + std::to_string(slot), bytes = documents.point();
    ASSERT_TRUE(rows.append({key, {}, 1, {}, {bytes}}).ok());
  }
  ASSERT_TRUE(rows.flush().ok());
  const std::vector<uint64_t> live(kPoints / 64 + 1, ~uint64_t{0});
  const std::atomic<bool> cancelled{false};
  while (rows.graph(0).built() < kPoints)
    ASSERT_TRUE(rows.graph(0).extend(kPoints, 2000, false, live, cancelled).ok());

  const auto search = [&](const std::string& query, float widen, bool exact) {
    segment::SearchCall call;
    call.query = query;
    call.k = 10;
    call.params.widen = widen;
    call.params.exact = exact;
    auto answer = segment::search(rows, call, {kPoints, live, kPoints}, nullptr);
    EXPECT_TRUE(answer.ok()) << answer.status().to_string();
    return answer.ok() ? std::move(*answer) : segment::SearchAnswer();
  };
  size_t by_factor[] = {0, 0, 0};
  uint64_t work[] = {0, 0, 0};
  for (int q = 0; q < 30; ++q) {
    const std::string query = documents.next(8);
    const auto truth = search(query, 0, true).hits;
    const float factors[] = {0.1f, 1, 4};
    for (size_t f = 0; f < 3; ++f) {
      const segment::SearchAnswer answer = search(query, factors[f], false);
      EXPECT_EQ(answer.strategy, "graph");
      work[f] += answer.distances;
      for (const auto& hit : answer.hits)
        by_factor[f] += static_cast<size_t>(std::count(truth.begin(), truth.end(), hit));
    }
  }
  std::printf("found of 300: %zu, %zu, %zu; compared %llu, %llu, %llu\n", by_factor[0],
              by_factor[1], by_factor[2], static_cast<unsigned long long>(work[0]),
              static_cast<unsigned long long>(work[1]), static_cast<unsigned long long>(work[2]));
  EXPECT_LT(work[0] * 2, work[1]);
  EXPECT_LT(work[1] * 2, work[2]);
  EXPECT_LT(by_factor[0], by_factor[1]);
  EXPECT_LE(by_factor[1], by_factor[2]);
}

TEST(MultivectorScoreTest, scores_of_every_metric_are_right) {
  const auto score = [](model::Distance metric, const std::vector<float>& stored,
                        const std::vector<float>& asked) {
    model::CollectionConfig config = config_of(metric, 2);
    config.vectors[""].multivector = true;
    Harness h(config);
    h.open();
    EXPECT_TRUE(h.write(upsert({point(1, bytes_of(stored))})).ok());
    const auto found = h->search(nearest(bytes_of(asked), 1), {});
    EXPECT_TRUE(found.ok()) << found.status().to_string();
    return found.ok() && found->points.size() == 1 ? found->points[0].score : NAN;
  };
  const std::vector<float> unit{1, 0, 0, 1}, rows{1, 2, 3, 4}, query{1, 1, 3, 3, 0, 0};
  EXPECT_FLOAT_EQ(score(model::Distance::kCosine, unit, {1, 0, 0.6f, 0.8f, 0, -1}), 1 + 0.8f + 0);
  EXPECT_FLOAT_EQ(score(model::Distance::kDot, rows, query), 7 + 21 + 0);
  EXPECT_FLOAT_EQ(score(model::Distance::kEuclid, rows, query), std::sqrt(1.0f + 1 + 5))
      << "of the sum of squares";
  EXPECT_FLOAT_EQ(score(model::Distance::kManhattan, rows, query), 1 + 1 + 3);
}

}  // namespace
}  // namespace rhumb::shard::test
