// The answers of an index engine are not trusted: its hits may have distances that are not numbers,
// or be out of order.
#include "host/segment/graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>

#include "host/base/executor.h"
#include "host/plugin/registry.h"
#include "tests/places.h"
#include "tests/segment/temp_dir.h"

namespace rhumb::segment::test {
namespace {

constexpr uint32_t kGraphRows = 40, kGraphDim = 2;
constexpr float kMost = std::numeric_limits<float>::max();

TEST(GraphTest, distances_that_are_not_numbers_are_replaced_and_sorted) {
  base::Executor executor("plugins", 1, 64);
  plugin::PluginRegistry plugins(executor);
  const base::Status loaded =
      plugins.load_file(places::build() + "/faulty/faulty_index_no_numbers.so");
  ASSERT_TRUE(loaded.ok()) << loaded.to_string();
  TempDir dir;
  SegmentOptions options;
  options.max_rows = 64;
  options.plugins = &plugins;
  options.index_engine = "faulty";
  VectorSpec spec;
  spec.params.size = kGraphDim;
  spec.params.distance = model::Distance::kEuclid;
  auto column = VectorColumn::open(spec, dir / "vec.0.dat", 0, options);
  ASSERT_TRUE(column.ok()) << column.status().to_string();
  for (uint32_t slot = 0; slot < kGraphRows; ++slot) {
    const float row[kGraphDim] = {static_cast<float>(slot), 0};
    ASSERT_TRUE((*column)->append(slot, {reinterpret_cast<const char*>(row), sizeof row}).ok());
  }
  ASSERT_TRUE((*column)->flush().ok());
  const std::vector<uint64_t> live(1, ~0ull >> (64 - kGraphRows));
  Graph graph(**column, dir / "graph", options);
  const auto extended = graph.extend(kGraphRows, kGraphRows, false, live, std::atomic<bool>(false));
  ASSERT_TRUE(extended.ok()) << extended.status().to_string();
  const float query[kGraphDim] = {0, 0};
  SearchCall call;
  call.query = {reinterpret_cast<const char*>(query), sizeof query};
  call.k = call.params.ef = 12;
  const auto found = graph.search(call, {kGraphRows, live, kGraphRows, false});
  ASSERT_TRUE(found.ok()) << found.status().to_string();
  const std::vector<Hit>& hits = found->hits.at(0);
  ASSERT_EQ(hits.size(), 12u);
  EXPECT_TRUE(std::is_sorted(hits.begin(), hits.end()));
  EXPECT_TRUE(std::all_of(hits.begin(), hits.end(),
                          [](const Hit& hit) { return std::isfinite(hit.distance); }));
  EXPECT_EQ(hits.front().distance, -kMost);
  EXPECT_EQ(hits.back().distance, kMost);
}

}  // namespace
}  // namespace rhumb::segment::test
