// Vectors of any bits, with every distance, datatype and engine: searches end, scores are finite
// and in order, and comparing everything finds the closest points.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "host/base/float_order.h"
#include "host/query/merge.h"
#include "rhumb/kernels.h"
#include "tests/odd_numbers.h"
#include "tests/shard/harness.h"

namespace rhumb::shard::test {
namespace {

using model::Distance;
using model::Scalar;

constexpr uint64_t kSeed = 2718;
constexpr uint32_t kPoints = 600, kQueries = 12, kOddDim = 6;

struct Kind {
  Distance distance;
  Scalar scalar;
  const char* engine;
  bool multivector;
};

std::string name_of(const ::testing::TestParamInfo<Kind>& info) {
  static const char* const distances[] = {"none", "cosine", "dot", "euclid", "manhattan"};
  return std::string(distances[static_cast<int>(info.param.distance)]) + "_" +
         std::string(model::scalar_name(info.param.scalar)) + "_" + info.param.engine +
         (info.param.multivector ? "_multivector" : "");
}

std::vector<Kind> kinds() {
  std::vector<Kind> out;
  for (const Distance distance :
       {Distance::kCosine, Distance::kDot, Distance::kEuclid, Distance::kManhattan}) {
    for (const Scalar scalar : {Scalar::kFloat32, Scalar::kFloat16, Scalar::kUint8}) {
      for (const char* engine : {"flat", "hnsw", "rhumb"}) {
        for (const bool multivector : {false, true})
          out.push_back({distance, scalar, engine, multivector});
      }
    }
  }
  return out;
}

class NumbersTest : public ::testing::TestWithParam<Kind> {
 protected:
  NumbersTest() : h(config()) {
    std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
    h.options.segment.index_engine = GetParam().engine;
    h.options.segment.graph_min_rows = 256;
    h.options.segment.extents = {65536, 1u << 20};
  }
  static model::CollectionConfig config() {
    model::CollectionConfig config = config_of(GetParam().distance, kOddDim);
    config.vectors[""].datatype = GetParam().scalar;
    config.vectors[""].multivector = GetParam().multivector;
    return config;
  }
  // Returns more than a client may store: also NaNs and infinities. Some rows are ordinary, so that
  // there is something to find.
  std::string row() {
    std::string out(kOddDim * model::scalar_bytes(GetParam().scalar), '\0');
    const bool ordinary = random() % 3 == 0;
    if (GetParam().scalar == Scalar::kFloat32) {
      for (uint32_t d = 0; d < kOddDim; ++d) {
        const float value = ordinary ? std::ldexp(static_cast<float>(random() % 2001) - 1000, -10)
                                     : rhumb::test::odd_float(random);
        std::memcpy(out.data() + d * sizeof value, &value, sizeof value);
      }
      if (GetParam().distance == Distance::kCosine && ordinary)
        rhumb_normalise_f32(reinterpret_cast<float*>(out.data()), kOddDim);
    } else {
      for (char& byte : out) byte = static_cast<char>(random());
    }
    return out;
  }
  std::string vector() {
    std::string out = row();
    for (uint64_t more = GetParam().multivector ? random() % 4 : 0; more > 0; --more) out += row();
    return out;
  }
  void insert() {
    std::vector<model::PointWrite> batch;
    for (uint64_t id = 0; id < kPoints; ++id) {
      vectors.push_back(id % 50 == 49 ? vectors.back() : vector());  // some vectors are equal
      batch.push_back(point(id, vectors.back()));
    }
    h.propose(upsert(batch));
    const base::Status applied = h.apply();
    ASSERT_TRUE(applied.ok()) << applied.to_string();
  }
  void check(const std::string& query, uint32_t limit, bool exact) {
    auto request = nearest(query, limit);
    request.params.exact = exact;
    const auto found = h->search(request, {base::Deadline::after_ms(60'000)});
    ASSERT_TRUE(found.ok()) << found.status().to_string();
    ASSERT_LE(found->points.size(), limit);
    if (exact || limit >= kPoints) ASSERT_EQ(found->points.size(), std::min(limit, kPoints));
    std::set<uint64_t> ids;
    const model::Record* before = nullptr;
    for (const model::Record& r : found->points) {
      ASSERT_TRUE(std::isfinite(r.score)) << r.score;
      ASSERT_TRUE(ids.insert(r.id.as_number()).second) << "point " << r.id.to_text() << " twice";
      if (before != nullptr) {
        ASSERT_FALSE(query::better(GetParam().distance, r.score, before->score))
            << before->score << " before " << r.score;
        if (before->score == r.score) ASSERT_LT(before->id, r.id) << "ties in the order of ids";
      }
      before = &r;
    }
    if (exact && !GetParam().multivector) expect_closest(query, found->points);
  }
  // Compares with the kernel itself, which tests/sdk compares with sums in double precision.
  void expect_closest(const std::string& query, const std::vector<model::Record>& found) {
    const rhumb_kernel_t* kernel = rhumb_kernel_for(static_cast<uint32_t>(GetParam().distance),
                                                    static_cast<uint32_t>(GetParam().scalar));
    ASSERT_NE(kernel, nullptr);
    std::vector<float> all, of_found;
    for (const std::string& v : vectors)
      all.push_back(kernel->one(query.data(), v.data(), kOddDim));
    for (const model::Record& r : found) of_found.push_back(all.at(r.id.as_number()));
    std::sort(all.begin(), all.end());
    all.resize(found.size());
    std::sort(of_found.begin(), of_found.end());
    EXPECT_EQ(of_found, all);
  }

  Harness h;
  std::mt19937_64 random{kSeed};
  std::vector<std::string> vectors;
};

TEST_P(NumbersTest, searches_end_with_finite_scores_in_order) {
  h.open();
  insert();
  for (const bool indexed : {false, true}) {
    if (indexed) h.wait_indexed();
    for (uint32_t q = 0; q < kQueries; ++q) {
      const std::string query = q % 4 == 3 ? vectors[random() % kPoints] : vector();
      for (const uint32_t limit : {1u, 10u, kPoints + 5}) {
        for (const bool exact : {false, true}) check(query, limit, exact);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, NumbersTest, ::testing::ValuesIn(kinds()), name_of);

// Searches vectors that a client can store, in a collection with this distance. Returns (id,
// score), best first.
std::vector<std::pair<uint64_t, float>> search(Distance distance,
                                               const std::vector<std::vector<float>>& vectors,
                                               const std::vector<float>& query,
                                               std::optional<float> threshold = {}) {
  Harness h(config_of(distance, static_cast<uint32_t>(query.size())));
  h.open();
  std::vector<model::PointWrite> batch;
  for (size_t i = 0; i < vectors.size(); ++i) batch.push_back(point(i + 1, bytes_of(vectors[i])));
  EXPECT_TRUE(h.write(upsert(batch)).ok());
  auto request = nearest(bytes_of(query), 10);
  request.score_threshold = threshold;
  const auto found = h->search(request, {});
  EXPECT_TRUE(found.ok()) << found.status().to_string();
  std::vector<std::pair<uint64_t, float>> out;
  if (found.ok()) {
    for (const model::Record& r : found->points) out.emplace_back(r.id.as_number(), r.score);
  }
  return out;
}
using Scores = std::vector<std::pair<uint64_t, float>>;
constexpr float kMost = std::numeric_limits<float>::max();

TEST(HugeNumbersTest, products_beyond_float32_are_ranked_by_their_values) {
  const std::vector<std::vector<float>> rows = {{1, 1, 0},
                                                {2.9e38f, 2.9e38f, 5},
                                                {3e38f, -3e38f, 0},
                                                {-3e38f, 3e38f, 0},
                                                {3.1e38f, -3e38f, 1}};
  EXPECT_EQ(search(Distance::kDot, rows, {3, -3, 2}),
            (Scores{{3, kMost}, {5, kMost}, {2, 10}, {1, 0}, {4, -kMost}}));
  EXPECT_EQ(search(Distance::kDot, rows, {3, -3, 2}, 10.0f).size(), 3u);
  EXPECT_EQ(search(Distance::kDot, rows, {3, -3, 2}, std::numeric_limits<float>::infinity()).size(),
            0u);
}

TEST(HugeNumbersTest, distances_whose_squares_do_not_fit_are_in_order) {
  for (const float scale : {1e-25f, 1e-40f, 1.0f, 1e17f, 1e25f, 6e37f}) {
    const std::vector<std::vector<float>> rows = {
        {5 * scale, 0}, {0, 2 * scale}, {0, 0}, {3 * scale, 4.01f * scale}, {scale, 0}};
    const auto found = search(Distance::kEuclid, rows, {0, 0});
    ASSERT_EQ(found.size(), 5u);
    const std::vector<uint64_t> ids = {3, 5, 2, 1, 4};
    for (size_t i = 0; i < ids.size(); ++i) {
      EXPECT_EQ(found[i].first, ids[i]) << "scale " << scale;
      const std::vector<float>& row = rows[ids[i] - 1];
      EXPECT_NEAR(found[i].second, std::hypot(row[0], row[1]),
                  1e-6 * std::hypot(row[0], row[1]) + 3e-45)
          << "scale " << scale;
    }
    EXPECT_EQ(search(Distance::kEuclid, rows, {0, 0}, 2.5f * scale).size(), 3u)
        << "scale " << scale;
  }
}

TEST(HugeNumbersTest, sums_beyond_float32_are_the_largest) {
  EXPECT_EQ(search(Distance::kManhattan, {{3e38f, 3e38f}, {-1, 1}, {-3e38f, 0}}, {0, 0}),
            (Scores{{2, 2}, {3, 3e38f}, {1, kMost}}));
}

}  // namespace
}  // namespace rhumb::shard::test
