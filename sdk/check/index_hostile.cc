// Conformance of index engines on data that makes an index blind. People store such data beside
// well-behaved embeddings. By default an engine finds as much as its floats would let it find, or
// it reports in stats how much it finds.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sdk/check/index_fixture.h"
#include "sdk/check/report.h"

namespace rhumb::check {
namespace {

constexpr uint32_t kRows = 2500, kDim = 24, kHits = 10, kQueries = 40;
constexpr uint32_t kBlock = 64;  // the rows of one insert of a host
constexpr uint32_t kClusters = 40, kRank = 8;
constexpr double kRecallMin = 0.9;  // for the default search
// If an engine finds less, the recall that it reports may be this much above or below the recall
// that is found here. The engine measures with other queries.
constexpr double kBoastMax = 0.1, kModestyMax = 0.2;

using Rows = std::vector<std::vector<float>>;
using Random = std::mt19937_64;

float normal(Random& rng) {
  std::normal_distribution<float> draw;
  return draw(rng);
}
float uniform(Random& rng) { return std::uniform_real_distribution<float>(0, 1)(rng); }

// Returns rows in clusters of low rank around zero. They have similar lengths and a random order.
Rows clustered(uint32_t n, Random& rng) {
  Random shape(7);  // rows and queries have the same clusters
  Rows middles(kClusters, std::vector<float>(kRank)), axes(kRank, std::vector<float>(kDim));
  for (Rows* of : {&middles, &axes}) {
    for (auto& row : *of) {
      for (float& x : row) x = normal(shape);
    }
  }
  Rows out(n, std::vector<float>(kDim));
  for (auto& row : out) {
    const auto& middle = middles[rng() % kClusters];
    for (uint32_t k = 0; k < kRank; ++k) {
      const float z = 0.35f * (middle[k] + 0.5f * normal(rng));
      for (uint32_t d = 0; d < kDim; ++d) row[d] += z * axes[k][d];
    }
    for (float& x : row) x += 0.05f * normal(rng);
  }
  return out;
}

void multiply(std::vector<float>& row, float factor) {
  for (float& x : row) x *= factor;
}

// A way to change rows and queries. The first `stored` entries are rows, the others are queries.
struct Shape {
  const char* name;
  void (*change)(Rows& all, uint32_t stored, Random& rng);
};

void half_zero(Rows& all, uint32_t stored, Random& rng) {
  for (auto& row : all) {  // there are no clusters, so that zero is nearer than most rows
    for (float& x : row) x = 0.5f * normal(rng);
  }
  for (uint32_t i = 0; i < stored; ++i) {
    if (rng() % 2 == 0) std::fill(all[i].begin(), all[i].end(), 0.0f);
  }
}
void one_outlier(Rows& all, uint32_t, Random&) { multiply(all[0], 5000); }
void heavy_lengths(Rows& all, uint32_t, Random& rng) {
  for (auto& row : all) multiply(row, std::exp(1.5f * normal(rng)));
}
void component_scales(Rows& all, uint32_t, Random& rng) {
  std::vector<float> scale(kDim);
  for (float& x : scale) x = std::pow(10.0f, 3 * uniform(rng) - 2);
  for (auto& row : all) {
    for (uint32_t d = 0; d < kDim; ++d) row[d] *= scale[d];
  }
}
void near_duplicates(Rows& all, uint32_t, Random& rng) {
  constexpr uint32_t kGroups = 25;
  for (uint32_t i = kGroups; i < all.size(); ++i) {
    all[i] = all[i % kGroups];
    for (float& x : all[i]) x += 0.01f * normal(rng);
  }
}
void duplicates(Rows& all, uint32_t stored, Random& rng) {  // each vector occurs ten times
  const uint32_t distinct = stored / 10;
  for (uint32_t i = distinct; i < stored; ++i) all[i] = all[rng() % distinct];
  std::shuffle(all.begin(), all.begin() + stored, rng);
}
void placeholders_first(Rows& all, uint32_t stored, Random&) {
  for (uint32_t i = 0; i < stored / 2; ++i) std::fill(all[i].begin(), all[i].end(), 0.1f);
}
void sorted(Rows& all, uint32_t stored, Random& rng) {  // topics come one after another, far apart
  constexpr uint32_t kTopics = 5;
  Rows middles(kTopics, std::vector<float>(kDim));
  for (auto& row : middles) {
    for (float& x : row) x = 4 * normal(rng);
  }
  for (uint32_t i = 0; i < all.size(); ++i) {
    const auto& middle = middles[i < stored ? uint64_t{i} * kTopics / stored : rng() % kTopics];
    for (uint32_t d = 0; d < kDim; ++d) all[i][d] = 0.5f * (all[i][d] + middle[d]);
  }
}
void rising_lengths(Rows& all, uint32_t stored, Random& rng) {
  for (uint32_t i = 0; i < all.size(); ++i) {
    multiply(all[i],
             std::pow(10.0f, 2.5f * (i < stored ? static_cast<float>(i) / static_cast<float>(stored)
                                                : uniform(rng)) -
                                 1.5f));
  }
}

constexpr Shape kShapes[] = {{"half of the rows zero", half_zero},
                             {"one row 5,000 times longer", one_outlier},
                             {"lognormal lengths", heavy_lengths},
                             {"components of other scales", component_scales},
                             {"near duplicates", near_duplicates},
                             {"each vector ten times", duplicates},
                             {"placeholders first", placeholders_first},
                             {"topics one after another", sorted},
                             {"lengths that rise along the rows", rising_lengths}};

struct Data {
  Data(const Shape& shape, uint32_t metric, uint32_t scalar, uint64_t seed)
      : column(make(shape, metric, scalar, seed)) {}
  // Half of the queries are stored rows. make() fills them, so they come before `column`.
  std::vector<std::vector<char>> queries;
  std::unique_ptr<Column> column;

 private:
  std::unique_ptr<Column> make(const Shape& shape, uint32_t metric, uint32_t scalar,
                               uint64_t seed) {
    Random rng(seed);
    Rows all = clustered(kRows + kQueries / 2, rng);
    shape.change(all, kRows, rng);
    Rows asked(all.begin() + kRows, all.end());
    all.resize(kRows);
    while (asked.size() < kQueries) {
      const auto& row = all[rng() % kRows];
      // Placeholders and zero vectors are no queries. Any codes find the copies of a placeholder,
      // and all rows are about as near to zero.
      if (row != all[0] && std::any_of(row.begin(), row.end(), [](float x) { return x != 0; }))
        asked.push_back(row);
    }
    auto made = std::make_unique<Column>(metric, scalar, all);
    for (const auto& row : asked) queries.push_back(made->encoded(row));
    return made;
  }
};

const auto kAll = [](uint32_t) { return true; };

double recall_of(const IndexInstance& index, const Data& data, uint32_t flags) {
  const Answer answer = index.search(data.queries, kHits, nullptr, flags);
  double sum = 0;
  for (size_t i = 0; i < data.queries.size(); ++i) {
    require_sound(*data.column, data.queries[i], answer, i, kHits, kRows, kAll);
    sum += recall(answer.hits[i], exact(*data.column, data.queries[i], kHits, kRows, kAll));
  }
  return sum / static_cast<double>(data.queries.size());
}

// An engine that finds too little must report it in the stats: "measured": {"recall": r, ...} is
// the recall of its default search for its own rows.
void require_found_or_admitted(IndexInstance& index, const Data& data, const std::string& how) {
  require(recall_of(index, data, RHUMB_QUERY_EXACT) == 1, how + ": an exact search misses some");
  const double found = recall_of(index, data, 0);
  if (found >= kRecallMin) return;
  const std::string text = index.stats();
  const auto stats = nlohmann::json::parse(text, nullptr, false);
  std::string says = "it says nothing about it";
  if (stats.is_object() && stats.contains("measured") && stats["measured"].is_object()) {
    const double measured = stats["measured"].value("recall", 1.0);
    if (measured <= found + kBoastMax && measured >= found - kModestyMax) return;
    says = "it says " + std::to_string(measured);
  }
  throw Failed(how + ": recall: expected >= " + std::to_string(kRecallMin) +
               ", or less and stats.measured.recall near it; found " + std::to_string(found) +
               ", and " + says);
}

void built(const IndexSubject& s, const Data& data, const std::string& how) {
  IndexInstance index(s.ops, s.host, *data.column, {s.config, "", 0});
  require_status(RHUMB_OK, index.status(), "open", &index.error());
  index.build(kRows);
  require_found_or_admitted(index, data, how);
}

// Inserts in order, as a host does. If the stats then have "renew", it builds another instance, as
// a host would.
void inserted(const IndexSubject& s, const Data& data) {
  if (s.ops.insert == nullptr || (s.ops.caps & RHUMB_CAP_INDEX_INSERT) == 0) return;
  IndexInstance index(s.ops, s.host, *data.column, {s.config, "", 0});
  require_status(RHUMB_OK, index.status(), "open", &index.error());
  for (uint32_t first = 0; first < kRows; first += kBlock)
    index.insert(first, std::min(kRows, first + kBlock));
  const auto stats = nlohmann::json::parse(index.stats(), nullptr, false);
  if (!stats.is_object() || !stats.contains("renew"))
    return require_found_or_admitted(index, data, "inserted");
  require(recall_of(index, data, RHUMB_QUERY_EXACT) == 1, "inserted: an exact search misses some");
  recall_of(index, data, 0);  // the hits are sound, whatever the recall is
  built(s, data, "inserted, then built again because of \"renew\"");
}

}  // namespace

void check_index_hostile(Report& report, const IndexSubject& s) {
  constexpr const char* kMetrics[] = {"", "cosine", "dot", "euclid", "manhattan"};
  constexpr const char* kScalars[] = {"", "f32", "f16", "u8"};
  for (const Shape& shape : kShapes) {
    for (const uint32_t metric : s.metrics) {
      for (const uint32_t scalar : s.scalars) {
        report.run(std::string("hostile data: ") + shape.name + ", " + kScalars[scalar] + " by " +
                       kMetrics[metric],
                   [&] {
                     const Data data(shape, metric, scalar, s.seed + 50);
                     built(s, data, "built");
                     inserted(s, data);
                   });
      }
    }
  }
}

}  // namespace rhumb::check
