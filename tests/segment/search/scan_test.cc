// Scans: the exact one is exact, the coded one finds the same neighbours, and both keep to the bits
// and the range.
#include "host/segment/search/scan.h"

#include <gtest/gtest.h>

#include <random>

#include "host/segment/options.h"
#include "host/segment/search/batch_scan.h"
#include "tests/segment/temp_dir.h"

namespace rhumb::segment::test {
namespace {

constexpr uint32_t kScanDim = 96, kScanRows = 6000;
constexpr uint64_t kScanSeed = 31;

// Returns a vector that is clustered, of low rank and normalised.
std::vector<float> embedding(std::mt19937_64& random,
                             const std::vector<std::vector<float>>& basis) {
  std::normal_distribution<float> normal;
  std::vector<float> v(kScanDim, 0.0f);
  const float side = random() % 2 == 0 ? 1.5f : -1.5f;
  for (size_t r = 0; r < basis.size(); ++r) {
    const float weight = normal(random) + (r == 0 ? side : 0.0f);
    for (uint32_t d = 0; d < kScanDim; ++d) v[d] += weight * basis[r][d];
  }
  rhumb_normalise_f32(v.data(), kScanDim);
  return v;
}

class ScanTest : public ::testing::TestWithParam<model::Distance> {
 protected:
  void SetUp() override {
    std::printf("seed %llu\n", static_cast<unsigned long long>(kScanSeed));
    std::normal_distribution<float> normal;
    basis.assign(10, std::vector<float>(kScanDim));
    for (auto& axis : basis) {
      for (float& x : axis) x = normal(random);
    }
    VectorSpec spec;
    spec.params.size = kScanDim;
    spec.params.distance = GetParam();
    SegmentOptions options;
    options.max_rows = 8192;
    auto opened = VectorColumn::open(spec, dir / "vec.0.dat", 0, options);
    ASSERT_TRUE(opened.ok()) << opened.status().to_string();
    column = std::move(*opened);
    live.assign(words_for(kScanRows), 0);
    for (uint32_t slot = 0; slot < kScanRows; ++slot) {
      rows.push_back(embedding(random, basis));
      if (slot % 7 == 3) continue;  // a row without this vector
      ASSERT_TRUE(column
                      ->append(slot, {reinterpret_cast<const char*>(rows.back().data()),
                                      kScanDim * sizeof(float)})
                      .ok());
      if (slot % 5 != 0) live[slot / 64] |= 1ull << (slot % 64);
    }
    ASSERT_TRUE(column->flush().ok());
    column->advance_codes(kScanRows);
  }
  static SearchCall ten_closest_to(const std::vector<float>& query) {
    return {.query = {reinterpret_cast<const char*>(query.data()), kScanDim * sizeof(float)},
            .k = 10};
  }
  std::vector<Hit> truth(const std::vector<float>& query, uint32_t first, uint32_t end,
                         uint32_t k) {
    std::vector<Hit> all;
    for (uint32_t slot = first; slot < end; ++slot) {
      if (slot % 7 != 3 && slot % 5 != 0)
        all.push_back({column->kernel().one(query.data(), rows[slot].data(), kScanDim), slot});
    }
    std::sort(all.begin(), all.end());
    if (all.size() > k) all.resize(k);
    return all;
  }

  TempDir dir;
  std::mt19937_64 random{kScanSeed};
  std::vector<std::vector<float>> basis, rows;
  std::unique_ptr<VectorColumn> column;
  std::vector<uint64_t> live;
};

TEST_P(ScanTest, an_exact_scan_is_exact_and_a_coded_one_finds_the_same) {
  size_t same = 0, possible = 0;
  for (const auto& [first, end] : std::vector<std::pair<uint32_t, uint32_t>>{{0, kScanRows},
                                                                             {63, 64},
                                                                             {64, 128},
                                                                             {100, 5000},
                                                                             {1024, 2048},
                                                                             {5990, kScanRows},
                                                                             {7, 7}}) {
    for (int q = 0; q < 10; ++q) {
      const auto query = embedding(random, basis);
      SearchCall call = ten_closest_to(query);
      const auto expected = truth(query, first, end, 10);
      TopK exact(10), coded(10);
      const auto compared = scan_exact(*column, call, {first, end, live}, exact);
      ASSERT_TRUE(compared.ok());
      const auto found = exact.take();
      ASSERT_EQ(found.size(), expected.size());
      for (size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].slot, expected[i].slot);
        EXPECT_NEAR(found[i].distance, expected[i].distance,
                    1e-3f * (1.0f + std::abs(expected[i].distance)));
      }
      ASSERT_TRUE(scan_coded(*column, call, {first, end, live}, coded).ok());
      const auto approximate = coded.take();
      ASSERT_EQ(approximate.size(), expected.size());
      for (const Hit& hit : approximate) {
        same += std::count_if(expected.begin(), expected.end(),
                              [&](const Hit& e) { return e.slot == hit.slot; });
        EXPECT_TRUE(bit(live, hit.slot));
      }
      possible += expected.size();
    }
  }
  EXPECT_GE(static_cast<double>(same), 0.99 * static_cast<double>(possible));
}

TEST_P(ScanTest, without_the_codes_of_indexed_rows_the_answer_is_the_same) {
  ASSERT_NE(column->codes(), nullptr);
  const uint64_t before = column->codes()->memory_bytes();
  column->codes()->drop_below(3000);
  EXPECT_LT(column->codes()->memory_bytes(), before);
  const auto query = embedding(random, basis);
  SearchCall call = ten_closest_to(query);
  TopK top(10);
  ASSERT_TRUE(scan_coded(*column, call, {0, kScanRows, live}, top).ok());
  const auto expected = truth(query, 0, kScanRows, 10);
  const auto found = top.take();
  ASSERT_EQ(found.size(), 10u);
  EXPECT_EQ(found[0].slot, expected[0].slot);
}

TEST_P(ScanTest, a_scan_stops_when_it_is_cancelled) {
  const auto query = embedding(random, basis);
  const std::atomic<bool> cancelled{true};
  SearchCall call = ten_closest_to(query);
  call.cancelled = &cancelled;
  TopK top(10);
  EXPECT_EQ(scan_exact(*column, call, {0, kScanRows, live}, top).status().code(),
            base::Code::kCancelled);
  call.cancelled = nullptr;
  call.deadline.at_ns = 1;
  EXPECT_EQ(scan_coded(*column, call, {0, kScanRows, live}, top).status().code(),
            base::Code::kTimeout);
}

// Many queries at once, each over its own rows and in several ranges, find bit by bit what each
// finds alone.
TEST_P(ScanTest, a_batch_finds_what_each_query_finds_alone) {
  for (const bool filtered : {false, true}) {
    std::vector<std::vector<float>> queries;
    std::vector<std::vector<uint64_t>> passing;
    std::vector<TopK> tops;
    for (uint32_t q = 0; q < 64; ++q) {
      queries.push_back(embedding(random, basis));
      tops.emplace_back(q % 3 == 0 ? 1 : 10);
      passing.push_back(live);
      for (size_t w = 0; filtered && q % 4 != 0 && w < live.size(); ++w)
        passing.back()[w] &= q % 4 == 1 ? 0x8000100000000001ull : random();
    }
    std::vector<BatchQuery> batch;
    for (size_t q = 0; q < 64; ++q)
      batch.push_back({queries[q].data(), passing[q], passing[q] == live, &tops[q]});
    uint64_t compared = 0;
    for (const auto& [first, end] : std::vector<std::pair<uint32_t, uint32_t>>{
             {0, 63}, {63, 64}, {64, 1000}, {1000, kScanRows}})
      compared += scan_batch(*column, column->kernel(), batch, first, end);
    uint64_t expected = 0;
    for (size_t q = 0; q < 64; ++q) {
      const SearchCall call = ten_closest_to(queries[q]);
      TopK alone(q % 3 == 0 ? 1 : 10);
      const auto rows_of_it = scan_exact(*column, call, {0, kScanRows, passing[q]}, alone);
      ASSERT_TRUE(rows_of_it.ok());
      expected += *rows_of_it;
      EXPECT_EQ(tops[q].take(), alone.take()) << q << filtered;
    }
    EXPECT_EQ(compared, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Metrics, ScanTest,
                         ::testing::Values(model::Distance::kCosine, model::Distance::kDot,
                                           model::Distance::kEuclid, model::Distance::kManhattan));

}  // namespace
}  // namespace rhumb::segment::test
