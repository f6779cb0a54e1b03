// Scans by codes find what scans of the floats find, also on data that codes with one step size per
// row cannot tell apart. If codes can tell rows apart, few rows are compared exactly.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "host/base/metrics.h"
#include "host/segment/options.h"
#include "host/segment/search/scan.h"
#include "tests/segment/temp_dir.h"

namespace rhumb::segment::test {
namespace {

constexpr uint32_t kDim = 48, kRows = 5000, kQueries = 40;
constexpr uint64_t kSeed = 77;

using Rows = std::vector<std::vector<float>>;
using Random = std::mt19937_64;

float normal(Random& random) { return std::normal_distribution<float>()(random); }
std::vector<float> gaussian(Random& random) {
  std::vector<float> v(kDim);
  for (float& x : v) x = normal(random);
  return v;
}
void scale(std::vector<float>& v, float by) {
  for (float& x : v) x *= by;
}

struct Shape {
  const char* name;
  std::vector<float> (*row)(uint32_t i, Random& random);
};
Rows& centres() {
  static Rows made = [] {
    Random random(5);
    Rows all;
    for (int i = 0; i < 40; ++i) all.push_back(gaussian(random));
    return all;
  }();
  return made;
}

const Shape kShapes[] = {
    {"near_duplicates",
     [](uint32_t i, Random& random) {
       std::vector<float> v = centres()[i % 40];
       for (float& x : v) x += 0.002f * normal(random);
       return v;
     }},
    {"one_cluster",
     [](uint32_t, Random& random) {
       std::vector<float> v = centres()[0];
       for (float& x : v) x += 0.001f * normal(random);
       return v;
     }},
    {"half_zero",
     [](uint32_t i, Random& random) {
       return i % 2 == 0 ? std::vector<float>(kDim, 0.0f) : gaussian(random);
     }},
    {"one_outlier",
     [](uint32_t i, Random& random) {
       auto v = gaussian(random);
       if (i == 17) scale(v, 20000);
       return v;
     }},
    {"lengths_lognormal",
     [](uint32_t, Random& random) {
       auto v = gaussian(random);
       scale(v, std::exp(2 * normal(random)));
       return v;
     }},
    {"scales_by_component",
     [](uint32_t, Random& random) {
       auto v = gaussian(random);
       for (uint32_t d = 0; d < kDim; ++d) v[d] *= std::pow(10.0f, static_cast<float>(d % 5) - 2);
       return v;
     }},
    {"constant_component",
     [](uint32_t, Random& random) {
       auto v = gaussian(random);
       v[3] = 700;
       return v;
     }},
    // Every small component is lost, and all of them in the same direction.
    {"rounded_one_way",
     [](uint32_t, Random& random) {
       std::vector<float> v(kDim);
       for (float& x : v) x = 0.45f * std::abs(std::sin(normal(random)));
       v[0] = 127;
       return v;
     }},
    {"all_the_same", [](uint32_t, Random&) { return centres()[7]; }},
    {"integers",
     [](uint32_t, Random& random) {
       std::vector<float> v(kDim);
       for (float& x : v) x = static_cast<float>(random() % 256);
       return v;
     }},
    {"ordinary", [](uint32_t, Random& random) { return gaussian(random); }},
};

double metric_value(const std::string& name) {
  const std::string text = base::metrics_text();
  const size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? 0 : std::strtod(text.c_str() + at + name.size() + 2, nullptr);
}

class CodedScanTest : public ::testing::TestWithParam<model::Distance> {
 protected:
  void fill(const Shape& shape) {
    random.seed(kSeed);
    rows.clear();
    VectorSpec spec;
    spec.params.size = kDim;
    spec.params.distance = GetParam();
    SegmentOptions options;
    options.max_rows = 8192;
    column.reset();
    auto opened = VectorColumn::open(spec, dir / (std::string(shape.name) + ".dat"), 0, options);
    ASSERT_TRUE(opened.ok()) << opened.status().to_string();
    column = std::move(*opened);
    for (uint32_t slot = 0; slot < kRows; ++slot) {
      rows.push_back(stored(shape.row(slot, random)));
      ASSERT_TRUE(column->append(slot, bytes(rows.back())).ok());
    }
    ASSERT_TRUE(column->flush().ok());
    column->advance_codes(kRows);
  }
  static std::string_view bytes(const std::vector<float>& v) {
    return {reinterpret_cast<const char*>(v.data()), v.size() * sizeof(float)};
  }
  std::vector<float> stored(std::vector<float> v) const {
    if (GetParam() == model::Distance::kCosine) rhumb_normalise_f32(v.data(), kDim);
    return v;
  }
  // Counts the hits that are at least as close as the farthest hit of a scan of floats. With k of
  // them none is missing.
  size_t found(const std::vector<float>& query, uint32_t k) const {
    const SearchCall call{.query = bytes(query), .k = k};
    const std::vector<uint64_t> live(words_for(kRows), ~0ull);
    TopK exact(k), coded(k);
    EXPECT_TRUE(scan_exact(*column, call, {0, kRows, live}, exact).ok());
    const auto looked_at = scan_coded(*column, call, {0, kRows, live}, coded);
    EXPECT_EQ(*looked_at, kRows);
    const auto truth = exact.take(), hits = coded.take();
    EXPECT_EQ(hits.size(), k);
    return static_cast<size_t>(std::count_if(hits.begin(), hits.end(), [&](const Hit& hit) {
      return hit.distance <= truth.back().distance;
    }));
  }

  TempDir dir;
  Random random{kSeed};
  Rows rows;
  std::unique_ptr<VectorColumn> column;
};

TEST_P(CodedScanTest, a_scan_by_codes_misses_nothing_on_any_data) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  for (const Shape& shape : kShapes) {
    fill(shape);
    size_t stored_rows = 0, new_rows = 0;
    for (uint32_t q = 0; q < kQueries; ++q) {
      stored_rows += found(rows[random() % kRows], 10);
      new_rows += found(stored(shape.row(static_cast<uint32_t>(random()), random)), 10);
    }
    EXPECT_GE(stored_rows, kQueries * 10 - 1) << shape.name;
    EXPECT_GE(new_rows, kQueries * 10 - 1) << shape.name;
  }
}

TEST_P(CodedScanTest, as_many_hits_are_returned_as_asked_for) {
  fill(kShapes[4]);
  for (const uint32_t k : {1u, 100u, 2500u, kRows}) EXPECT_EQ(found(rows[3], k), k);
}

TEST_P(CodedScanTest, few_rows_are_compared_where_codes_tell_them_apart) {
  fill(kShapes[std::size(kShapes) - 1]);
  const double compared = metric_value("rhumb_code_scan_compared_total"),
               exact = metric_value("rhumb_code_scans_exact_total"),
               scans = metric_value("rhumb_code_scans_total");
  for (uint32_t q = 0; q < kQueries; ++q) EXPECT_EQ(found(stored(gaussian(random)), 10), 10u);
  EXPECT_EQ(metric_value("rhumb_code_scans_total") - scans, kQueries);
  EXPECT_EQ(metric_value("rhumb_code_scans_exact_total"), exact);
  const double each = (metric_value("rhumb_code_scan_compared_total") - compared) / kQueries;
  std::printf("%.0f of %u rows compared exactly\n", each, kRows);
  EXPECT_LT(each, kRows / 20.0);
}

TEST_P(CodedScanTest, rows_that_codes_cannot_tell_apart_are_counted) {
  fill(kShapes[1]);
  const double exact = metric_value("rhumb_code_scans_exact_total");
  for (uint32_t q = 0; q < kQueries; ++q) EXPECT_EQ(found(rows[random() % kRows], 10), 10u);
  EXPECT_EQ(metric_value("rhumb_code_scans_exact_total") - exact, kQueries);
}

INSTANTIATE_TEST_SUITE_P(Metrics, CodedScanTest,
                         ::testing::Values(model::Distance::kCosine, model::Distance::kDot,
                                           model::Distance::kEuclid, model::Distance::kManhattan));

}  // namespace
}  // namespace rhumb::segment::test
