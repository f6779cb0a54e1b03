#include "host/query/merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/odd_numbers.h"

namespace rhumb::query {
namespace {

using model::Distance;
using model::PointId;
using model::Record;
using model::SearchResult;

Record hit(uint64_t id, float score) {
  Record r;
  r.id = PointId::number(id);
  r.score = score;
  r.payload = R"({"of":)" + std::to_string(id) + "}";
  return r;
}

std::string ids_of(const std::vector<Record>& records) {
  std::string out;
  for (const Record& r : records) {
    EXPECT_EQ(r.payload, R"({"of":)" + r.id.to_text() + "}") << "a record stays whole";
    out += (out.empty() ? "" : " ") + r.id.to_text();
  }
  return out;
}

SearchResult part(std::vector<Record> points) { return {std::move(points), {}}; }

std::string merged(Distance distance, uint32_t limit, std::vector<SearchResult> parts) {
  return ids_of(merge(distance, limit, std::move(parts)).points);
}

TEST(MergeTest, similarities_are_sorted_down_and_distances_up) {
  const auto parts = [](float sign) {
    std::vector<SearchResult> out;
    out.push_back(part({hit(1, sign * 0.9f), hit(2, sign * 0.1f)}));
    out.push_back(part({hit(3, sign * 0.95f), hit(4, sign * 0.5f), hit(5, sign * -0.5f)}));
    return out;
  };
  for (const Distance d : {Distance::kCosine, Distance::kDot})
    EXPECT_EQ(merged(d, 10, parts(1)), "3 1 4 2 5");
  for (const Distance d : {Distance::kEuclid, Distance::kManhattan})
    EXPECT_EQ(merged(d, 10, parts(-1)), "3 1 4 2 5");
}

TEST(MergeTest, the_limit_counts_over_all_parts) {
  const struct {
    uint32_t limit;
    const char* ids;
  } cases[] = {{0, ""},        {1, "3"},         {2, "3 1"},
               {4, "3 1 2 4"}, {100, "3 1 2 4"}, {UINT32_MAX, "3 1 2 4"}};
  for (const auto& c : cases) {
    std::vector<SearchResult> parts;
    parts.push_back(part({hit(1, 3), hit(2, 2)}));
    parts.push_back(part({}));
    parts.push_back(part({hit(3, 4), hit(4, 1)}));
    EXPECT_EQ(merged(Distance::kDot, c.limit, std::move(parts)), c.ids) << c.limit;
  }
  std::vector<SearchResult> single;
  single.push_back(part({hit(1, 3), hit(2, 2), hit(3, 1)}));
  EXPECT_EQ(merged(Distance::kDot, 2, std::move(single)), "1 2") << "one shard alone is cut too";
  EXPECT_EQ(merged(Distance::kDot, 2, {}), "");
}

TEST(MergeTest, equal_scores_are_in_the_order_of_ids) {
  for (const Distance d : {Distance::kCosine, Distance::kEuclid}) {
    std::vector<SearchResult> parts;
    parts.push_back(part({hit(2, 1), hit(300, 1)}));
    parts.push_back(part({hit(1, 1), hit(20, 1)}));
    EXPECT_EQ(merged(d, 3, std::move(parts)), "1 2 20");
  }
}

TEST(MergeTest, plans_of_all_parts_are_returned) {
  std::vector<SearchResult> parts(2);
  parts[0].plan.push_back({.segment = 1, .strategy = "scan"});
  parts[0].plan.push_back({.segment = 2, .strategy = "graph"});
  parts[1].plan.push_back({.segment = 7, .strategy = "scan"});
  const SearchResult all = merge(Distance::kDot, 1, std::move(parts));
  ASSERT_EQ(all.plan.size(), 3u);
  EXPECT_EQ(all.plan[1].strategy, "graph");
  EXPECT_EQ(all.plan[2].segment, 7u);
}

// However the points are spread over shards, the answer is that of one list of all points, also
// with ties and negative scores.
TEST(MergeTest, the_answer_does_not_depend_on_how_points_are_spread) {
  constexpr uint64_t kSeed = 99;
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 300; ++round) {
    const Distance distance = static_cast<Distance>(1 + random() % 4);
    const auto first = [distance](const Record& a, const Record& b) {
      return a.score != b.score ? better(distance, a.score, b.score) : a.id < b.id;
    };
    std::vector<Record> all;
    const uint64_t points = random() % 60;
    for (uint64_t id = 0; id < points; ++id)
      all.push_back(hit(id, static_cast<float>(static_cast<int>(random() % 7)) - 3.0f));
    std::vector<SearchResult> parts(2 + random() % 5);
    for (const Record& r : all) parts[random() % parts.size()].points.push_back(r);
    for (SearchResult& p : parts) std::sort(p.points.begin(), p.points.end(), first);
    std::sort(all.begin(), all.end(), first);
    const auto limit = static_cast<uint32_t>(random() % 30);
    if (all.size() > limit) all.resize(limit);
    ASSERT_EQ(merged(distance, limit, std::move(parts)), ids_of(all)) << "round " << round;
  }
}

TEST(MergeByIdTest, a_merge_by_id_returns_the_first_of_all) {
  const auto parts = [] {
    return std::vector<std::vector<Record>>{
        {hit(1, 0), hit(40, 0)}, {}, {hit(2, 0), hit(3, 0), hit(500, 0)}};
  };
  EXPECT_EQ(ids_of(merge_by_id(4, parts())), "1 2 3 40");
  EXPECT_EQ(ids_of(merge_by_id(5, parts())), "1 2 3 40 500");
  EXPECT_EQ(ids_of(merge_by_id(9, parts())), "1 2 3 40 500");
  EXPECT_EQ(ids_of(merge_by_id(0, parts())), "");
  EXPECT_EQ(ids_of(merge_by_id(9, {})), "");
}

TEST(ThresholdTest, a_threshold_is_a_floor_of_similarities_and_a_ceiling_of_distances) {
  for (const Distance d : {Distance::kCosine, Distance::kDot}) {
    EXPECT_TRUE(passes(d, 0.5f, 0.5f));
    EXPECT_TRUE(passes(d, 0.6f, 0.5f));
    EXPECT_FALSE(passes(d, 0.4f, 0.5f));
  }
  for (const Distance d : {Distance::kEuclid, Distance::kManhattan}) {
    EXPECT_TRUE(passes(d, 0.5f, 0.5f));
    EXPECT_FALSE(passes(d, 0.6f, 0.5f));
    EXPECT_TRUE(passes(d, 0.4f, 0.5f));
  }
}

TEST(MergeTest, scores_of_any_bits_have_one_order_and_a_nan_is_last) {
  std::mt19937_64 random(71);
  for (const Distance d :
       {Distance::kCosine, Distance::kDot, Distance::kEuclid, Distance::kManhattan}) {
    std::vector<float> scores;
    for (int i = 0; i < 120; ++i) scores.push_back(test::odd_float(random));
    EXPECT_EQ(test::order_fault(scores, [d](float a, float b) { return better(d, a, b); }), "");

    std::vector<SearchResult> parts(3);
    for (size_t i = 0; i < scores.size(); ++i) parts[i % 3].points.push_back(hit(i, scores[i]));
    const auto all = merge(d, 200, parts).points;
    ASSERT_EQ(all.size(), scores.size());
    std::vector<uint64_t> ids;
    bool behind = false;
    for (const Record& r : all) {
      ids.push_back(r.id.as_number());
      EXPECT_FALSE(behind && !std::isnan(r.score)) << "a number after a NaN";
      behind = std::isnan(r.score);
    }
    std::sort(ids.begin(), ids.end());
    EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
    std::vector<SearchResult> turned(3);  // the same points, spread in another way
    for (size_t i = 0; i < scores.size(); ++i)
      turned[(i * 7 + 1) % 3].points.push_back(hit(i, scores[i]));
    EXPECT_EQ(ids_of(merge(d, 50, std::move(turned)).points),
              ids_of(merge(d, 50, std::move(parts)).points));
  }
}

}  // namespace
}  // namespace rhumb::query
