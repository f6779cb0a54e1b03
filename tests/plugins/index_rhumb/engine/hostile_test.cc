// Data that codes cannot order. The default search must find what it should on all of them, after a
// build and after inserts in the worst order.
#include <functional>
#include <numbers>

#include "tests/plugins/index_fixture.h"

namespace rhumb::index_test {
namespace {

constexpr uint32_t kShapeRows = 12'000 / (kSlowDown > 1 ? 5 : 1), kShapeQueries = 100, kSlice = 512;
constexpr double kLeast = 0.95;

using Vector = std::vector<float>;
using Random = std::mt19937_64;

float normal(Random& random) { return std::normal_distribution<float>()(random); }
Vector times(Vector v, float factor) {
  for (float& x : v) x *= factor;
  return v;
}

// A kind of data: rows by number, and queries, which have no number.
struct Shape {
  const char* name;
  uint32_t metric, dim;
  std::function<Vector(Generator&, uint32_t row)> row;
  std::function<Vector(Generator&)> query;  // empty: queries are like rows
  bool queries_are_rows = false;
};
void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.name; }

Vector plain(Generator& g) { return g.next(); }
float lognormal(Generator& g) { return std::exp(1.5f * normal(g.random())); }
Vector scaled_by_component(Vector v) {
  for (size_t i = 0; i < v.size(); ++i)
    v[i] *= std::pow(10.0f,
                     4.0f * static_cast<float>(i * 37 % v.size()) / static_cast<float>(v.size()));
  return v;
}
// Topics are far apart; each lies around a place of its own.
Vector topic(Generator& g, uint32_t number, uint32_t dim) {
  Random place(1000 + number);
  Vector v(dim);
  for (float& x : v) x = 4 * normal(place) + normal(g.random());
  return v;
}
Vector near_place(Generator& g, uint32_t number, uint32_t dim) {
  Random place(number);
  Vector v(dim);
  double square = 0;
  for (float& x : v) square += (x = normal(place)) * x;
  for (float& x : v) x = x / static_cast<float>(std::sqrt(square)) + 0.0006f * normal(g.random());
  return v;
}
Vector gaussian(Generator& g, uint32_t dim) {
  Vector v(dim);
  for (float& x : v) x = normal(g.random());
  return v;
}
Vector on_circle(Generator& g, uint32_t dim) {
  Vector v(dim);
  for (float& x : v) x = std::uniform_real_distribution<float>(-1, 1)(g.random());
  return v;
}

const std::vector<Shape> kShapes = {
    {"half_zero", RHUMB_COSINE, 64,
     [](Generator& g, uint32_t row) { return row % 2 == 0 ? g.next() : Vector(64); }, plain},
    {"half_zero_of_noise", RHUMB_COSINE, 64,
     [](Generator& g, uint32_t row) { return row % 2 == 0 ? gaussian(g, 64) : Vector(64); },
     [](Generator& g) { return gaussian(g, 64); }},
    {"one_outlier", RHUMB_EUCLID, 64,
     [](Generator& g, uint32_t row) { return times(g.next(), row == 500 ? 1e4f : 1); }, plain},
    {"one_outlier_dot", RHUMB_DOT, 64,
     [](Generator& g, uint32_t row) { return times(g.next(), row == 500 ? 1e4f : 1); }, plain},
    {"lognormal_dot", RHUMB_DOT, 64,
     [](Generator& g, uint32_t) { return times(g.next(), lognormal(g)); }, plain},
    {"lognormal_euclid", RHUMB_EUCLID, 64,
     [](Generator& g, uint32_t) { return times(g.next(), lognormal(g)); }, plain},
    {"scales_manhattan", RHUMB_MANHATTAN, 64,
     [](Generator& g, uint32_t) { return scaled_by_component(g.next()); },
     [](Generator& g) { return scaled_by_component(g.next()); }},
    {"scales_euclid", RHUMB_EUCLID, 64,
     [](Generator& g, uint32_t) { return scaled_by_component(g.next()); },
     [](Generator& g) { return scaled_by_component(g.next()); }},
    {"placeholder_first", RHUMB_COSINE, 64,
     [](Generator& g, uint32_t row) { return row < kShapeRows / 9 ? Vector(64, 0.1f) : g.next(); },
     plain},
    {"topics_in_turn", RHUMB_EUCLID, 64,
     [](Generator& g, uint32_t row) { return topic(g, row * 20 / kShapeRows, 64); },
     [](Generator& g) { return topic(g, static_cast<uint32_t>(g.random()() % 20), 64); }},
    {"rising_dot", RHUMB_DOT, 64,
     [](Generator& g, uint32_t row) {
       return times(g.next(), 0.01f + 10.0f * static_cast<float>(row) / kShapeRows);
     },
     plain},
    {"rising_euclid", RHUMB_EUCLID, 64,
     [](Generator& g, uint32_t row) {
       return times(g.next(), 0.01f + 10.0f * static_cast<float>(row) / kShapeRows);
     },
     plain},
    {"near_duplicates",
     RHUMB_COSINE,
     64,
     [](Generator& g, uint32_t row) { return near_place(g, row % 80, 64); },
     {},
     true},
    {"duplicates",
     RHUMB_EUCLID,
     64,
     [](Generator&, uint32_t row) {
       Generator same(64, row % (kShapeRows / 10) + 1, 4);
       return same.next();
     },
     {},
     true},
    {"whole_numbers",
     RHUMB_EUCLID,
     64,
     [](Generator& g, uint32_t) {
       Vector v = g.next();
       for (float& x : v) x = std::clamp(std::round(128 + 20 * x), 0.0f, 255.0f);
       return v;
     },
     {}},
    {"constant_component",
     RHUMB_EUCLID,
     64,
     [](Generator& g, uint32_t) {
       Vector v = g.next();
       v[7] = 1e4f;
       return v;
     },
     {}},
    {"collinear",
     RHUMB_EUCLID,
     64,
     [](Generator& g, uint32_t) {
       const float t = 1000 * normal(g.random());
       Vector v = times(g.next(), 0.02f);
       for (float& x : v) x += t;
       return v;
     },
     {}},
    {"drift", RHUMB_EUCLID, 64,
     [](Generator& g, uint32_t row) {
       Vector v = g.next();
       for (float& x : v) x += 40.0f * static_cast<float>(row) / kShapeRows;
       return v;
     },
     [](Generator& g) {
       Vector v = g.next();
       const float at = 40 * std::uniform_real_distribution<float>()(g.random());
       for (float& x : v) x += at;
       return v;
     }},
    {"dim_2", RHUMB_EUCLID, 2, [](Generator& g, uint32_t) { return on_circle(g, 2); }, {}},
    {"dim_3", RHUMB_COSINE, 3, [](Generator& g, uint32_t) { return on_circle(g, 3); }, {}},
    {"dim_16", RHUMB_DOT, 16, [](Generator& g, uint32_t) { return g.next(); }, {}},
    {"wide_lognormal", RHUMB_EUCLID, 512,
     [](Generator& g, uint32_t) { return times(g.next(), lognormal(g)); }, plain},
};

struct ShapeWorld {
  explicit ShapeWorld(const Shape& shape)
      : generator(shape.dim, 17), column(shape.metric, RHUMB_F32, shape.dim), flat("flat", column) {
    for (uint32_t row = 0; row < kShapeRows; ++row) column.add(shape.row(generator, row));
    for (uint32_t q = 0; q < kShapeQueries; ++q) {
      if (shape.queries_are_rows) {
        const auto slot = static_cast<uint32_t>(generator.random()() % kShapeRows);
        queries.emplace_back(column.row(slot), column.raw().stride);
      } else {
        queries.push_back(
            column.query(shape.query ? shape.query(generator) : shape.row(generator, 0)));
      }
    }
    if (flat.build() != RHUMB_OK) throw std::runtime_error(flat.error());
    truth = flat.search(queries, {});
  }
  Generator generator;
  Column column;
  Index flat;
  std::vector<std::string> queries;
  std::vector<Hits> truth;
};

// Inserts rows in slices, as the host does. An index which says that a new one would fit better is
// replaced, at most once per doubling of its rows.
std::unique_ptr<Index> grown(const Column& column, uint32_t* renewals) {
  auto index = std::make_unique<Index>("rhumb", column);
  uint32_t renewed = 512;
  for (uint32_t first = 0; first < column.rows(); first += kSlice) {
    const uint32_t end = std::min(column.rows(), first + kSlice);
    EXPECT_EQ(index->insert(first, end), RHUMB_OK) << index->error();
    if (!index->stats().contains("renew") || (end < 2 * renewed && end < column.rows())) continue;
    auto next = std::make_unique<Index>("rhumb", column);
    const rhumb_progress_t progress{sizeof progress, 2, nullptr, nullptr};
    EXPECT_EQ(next->ops().build(next->raw(), nullptr, end, nullptr, &progress, nullptr), RHUMB_OK);
    index = std::move(next);
    renewed = end;
    ++*renewals;
  }
  return index;
}

class Hostile : public ::testing::TestWithParam<Shape> {};

TEST_P(Hostile, a_built_index_finds_the_neighbours) {
  ShapeWorld w(GetParam());
  Index index("rhumb", w.column);
  ASSERT_EQ(index.build(2), RHUMB_OK) << index.error();
  const double found = recall(index.search(w.queries, {}), w.truth);
  auto stats = index.stats();
  stats.erase("calibration");
  std::printf("%s: %.4f at the default breadth; %s\n", GetParam().name, found,
              stats.dump().c_str());
  EXPECT_GE(found, kLeast);
  EXPECT_FALSE(stats.contains("renew")) << "a build takes the form that fits";
}

TEST_P(Hostile, a_growing_index_finds_the_neighbours) {
  ShapeWorld w(GetParam());
  uint32_t renewals = 0;
  const auto index = grown(w.column, &renewals);
  const double found = recall(index->search(w.queries, {}), w.truth);
  auto stats = index->stats();
  stats.erase("calibration");
  std::printf("%s: %.4f at the default breadth after %u renewals; %s\n", GetParam().name, found,
              renewals, stats.dump().c_str());
  EXPECT_GE(found, kLeast);
}

// A Release build takes all shapes, and a sanitizer every fourth of them.
std::vector<Shape> tested_shapes() {
  std::vector<Shape> tested;
  const size_t step = kSlowDown == 1 ? 1 : 4;
  for (size_t i = 0; i < kShapes.size(); i += step) tested.push_back(kShapes[i]);
  return tested;
}
INSTANTIATE_TEST_SUITE_P(Shapes, Hostile, ::testing::ValuesIn(tested_shapes()),
                         [](const auto& info) { return std::string(info.param.name); });

const Shape& shape_named(std::string_view name) {
  return *std::find_if(kShapes.begin(), kShapes.end(),
                       [name](const Shape& shape) { return shape.name == name; });
}

// They would fill the walks of others. A search that wants everything finds them all the same.
TEST(HostileRows, without_a_direction_are_no_nodes) {
  ShapeWorld w(shape_named("half_zero"));
  Index built("rhumb", w.column);
  ASSERT_EQ(built.build(2), RHUMB_OK) << built.error();
  uint32_t renewals = 0;
  const auto inserted = grown(w.column, &renewals);
  for (Index* index : {&built, inserted.get()}) {
    EXPECT_EQ(index->stats()["rows"], kShapeRows / 2);
    EXPECT_EQ(index->search_one(w.queries[0], {.k = kShapeRows}).size(), kShapeRows);
  }
}

// Where codes were asked for, no other form is taken: then more rows are compared exactly while the
// codes leave a doubt.
TEST(HostileRows, that_codes_do_not_tell_apart_are_compared_exactly) {
  ShapeWorld w(shape_named("near_duplicates"));
  Index index("rhumb", w.column, R"({"codes":"8bit"})");
  ASSERT_EQ(index.build(2), RHUMB_OK) << index.error();
  const double found = recall(index.search(w.queries, {}), w.truth);
  auto stats = index.stats();
  stats.erase("calibration");
  std::printf("%.4f; %s\n", found, stats.dump().c_str());
  EXPECT_EQ(stats["codes"], "8bit");
  EXPECT_GE(found, kLeast);
  EXPECT_GT(stats["doubtful"], 0);
}

TEST(HostileRows, beyond_the_range_of_codes_are_counted) {
  constexpr uint32_t kUsual = 3000, kFar = 2000;
  Generator generator(64, 21);
  Column column(RHUMB_EUCLID, RHUMB_F32, 64);
  for (uint32_t row = 0; row < kUsual; ++row) column.add(generator.next());
  Index index("rhumb", column);
  ASSERT_EQ(index.build(2), RHUMB_OK) << index.error();
  EXPECT_LT(index.stats()["clipped_rows"], kUsual / 50);
  for (uint32_t row = 0; row < kFar; ++row) column.add(times(generator.next(), 20));
  ASSERT_EQ(index.insert(kUsual, kUsual + kFar), RHUMB_OK) << index.error();
  EXPECT_GT(index.stats()["clipped_rows"], kFar * 9 / 10);
}

}  // namespace
}  // namespace rhumb::index_test
