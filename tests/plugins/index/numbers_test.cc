// Columns of vectors with any bits. For these every index engine must end its searches, and return
// hits that are finite, in order and without repeats.
#include <cmath>
#include <set>

#include "rhumb/cpp/top_k.h"
#include "tests/odd_numbers.h"
#include "tests/plugins/index_fixture.h"

namespace rhumb::index_test {
namespace {

class OddColumn {
 public:
  OddColumn(uint32_t metric, uint32_t scalar, uint32_t dim, uint32_t rows, uint64_t seed)
      : random_(seed), dim_(dim), scalar_(scalar), column_(metric, scalar, dim) {
    for (uint32_t i = 0; i < rows; ++i) column_.add(next());
  }
  // Returns a vector of odd components, or of ordinary ones.
  std::vector<float> next() {
    std::vector<float> out(dim_);
    const bool ordinary = random_() % 3 == 0;
    for (float& x : out)
      x = ordinary || scalar_ == RHUMB_U8 ? static_cast<float>(random_() % 4001) / 200 - 10
                                          : rhumb::test::odd_float(random_);
    return out;
  }
  std::string query() { return column_.query(next()); }
  const Column& column() const { return column_; }
  Hits closest(const std::string& query, uint32_t k) const {
    const rhumb_kernel_t* kernel = rhumb_kernel_for(column_.metric(), scalar_);
    std::vector<HitKey> keys;
    for (uint32_t slot = 0; slot < column_.rows(); ++slot)
      keys.push_back(hit_key(kernel->one(query.data(), column_.row(slot), dim_), slot));
    std::sort(keys.begin(), keys.end());
    Hits out;
    for (size_t i = 0; i < std::min<size_t>(k, keys.size()); ++i)
      out.push_back({hit_slot(keys[i]), hit_distance(keys[i])});
    return out;
  }

 private:
  std::mt19937_64 random_;
  const uint32_t dim_, scalar_;
  Column column_;
};

void expect_ordered(const Hits& hits, uint32_t k, uint32_t rows) {
  EXPECT_LE(hits.size(), k);
  std::set<uint32_t> slots;
  HitKey before = 0;
  for (const Hit& hit : hits) {
    EXPECT_LT(hit.slot, rows);
    EXPECT_TRUE(std::isfinite(hit.distance)) << hit.distance;
    EXPECT_TRUE(slots.insert(hit.slot).second) << "slot " << hit.slot << " twice";
    EXPECT_LE(before, hit_key(hit.distance, 0)) << "closest first";
    before = hit_key(hit.distance, 0);
  }
}

class Numbers : public ::testing::TestWithParam<const char*> {};

TEST_P(Numbers, vectors_of_any_bits_are_answered) {
  constexpr uint32_t kRows = 900;
  for (const uint32_t metric : {uint32_t{RHUMB_COSINE}, uint32_t{RHUMB_DOT}, uint32_t{RHUMB_EUCLID},
                                uint32_t{RHUMB_MANHATTAN}}) {
    for (const uint32_t scalar : {uint32_t{RHUMB_F32}, uint32_t{RHUMB_F16}, uint32_t{RHUMB_U8}}) {
      SCOPED_TRACE("metric " + std::to_string(metric) + " scalar " + std::to_string(scalar));
      OddColumn odd(metric, scalar, 7, kRows, 4242 + metric * 10 + scalar);
      Index index(GetParam(), odd.column());
      ASSERT_EQ(index.opened(), RHUMB_OK) << index.error();
      ASSERT_EQ(index.insert(0, kRows / 2), RHUMB_OK) << index.error();
      ASSERT_EQ(index.insert(kRows / 2, kRows), RHUMB_OK) << index.error();
      for (int q = 0; q < 20; ++q) {
        const std::string query = odd.query();
        expect_ordered(index.search_one(query), 10, kRows);
        expect_ordered(index.search_one(query, {kRows + 1, 64}), kRows, kRows);
        const Hits exact = index.search_one(query, {10, 0, RHUMB_QUERY_EXACT});
        EXPECT_EQ(exact, odd.closest(query, 10));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, Numbers, ::testing::Values("flat", "hnsw", "rhumb"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace rhumb::index_test
