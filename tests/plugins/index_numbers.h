// Columns of vectors with any bits. For these every index engine must end its searches, and return
// hits that are finite, in order and without repeats.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "rhumb/cpp/top_k.h"
#include "tests/odd_numbers.h"
#include "tests/plugins/index_fixture.h"

namespace rhumb::index_test {

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

inline void expect_ordered(const Hits& hits, uint32_t k, uint32_t rows) {
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

inline void expect_any_numbers(const char* engine, uint32_t rows = 900) {
  for (const uint32_t metric : {uint32_t{RHUMB_COSINE}, uint32_t{RHUMB_DOT}, uint32_t{RHUMB_EUCLID},
                                uint32_t{RHUMB_MANHATTAN}}) {
    for (const uint32_t scalar : {uint32_t{RHUMB_F32}, uint32_t{RHUMB_F16}, uint32_t{RHUMB_U8}}) {
      SCOPED_TRACE("metric " + std::to_string(metric) + " scalar " + std::to_string(scalar));
      OddColumn odd(metric, scalar, 7, rows, 4242 + metric * 10 + scalar);
      Index index(engine, odd.column());
      ASSERT_EQ(index.opened(), RHUMB_OK) << index.error();
      ASSERT_EQ(index.insert(0, rows / 2), RHUMB_OK) << index.error();
      ASSERT_EQ(index.insert(rows / 2, rows), RHUMB_OK) << index.error();
      for (int q = 0; q < 20; ++q) {
        const std::string query = odd.query();
        expect_ordered(index.search_one(query), 10, rows);
        expect_ordered(index.search_one(query, {rows + 1, 64}), rows, rows);
        const Hits exact = index.search_one(query, {10, 0, RHUMB_QUERY_EXACT});
        EXPECT_EQ(exact, odd.closest(query, 10));
      }
    }
  }
}

}  // namespace rhumb::index_test
