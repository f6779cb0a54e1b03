#include "tests/bench/ann/cells.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "rhumb/kernels.h"

namespace rhumb::bench {
namespace {

constexpr uint32_t kPivots = 256, kTries = 24, kQueriesMin = 8, kQueriesMax = 200;
constexpr uint64_t kSeed = 17;

using Distances = std::vector<float>;

class Space {
 public:
  explicit Space(const Base& base)
      : base_(base), kernel_(rhumb_kernel_for(base.metric, RHUMB_F32)) {}
  void measure(const float* query, const Matrix<float>& rows, Distances& out) const {
    out.resize(rows.rows);
    kernel_->rows(query, rows.values.data(), rows.columns * sizeof(float), rows.rows, rows.columns,
                  out.data());
  }
  std::vector<uint32_t> nearest(const Matrix<float>& of, const Matrix<float>& pivots) const {
    std::vector<uint32_t> out(of.rows);
    Distances d;
    for (uint32_t i = 0; i < of.rows; ++i) {
      measure(of.row(i), pivots, d);
      out[i] = static_cast<uint32_t>(std::min_element(d.begin(), d.end()) - d.begin());
    }
    return out;
  }
  Matrix<int32_t> truth(const Matrix<float>& queries, const Subset& subset, uint32_t k) const {
    Matrix<int32_t> out(queries.rows, k);
    Distances d;
    std::vector<std::pair<float, int32_t>> near;
    for (uint32_t q = 0; q < queries.rows; ++q) {
      measure(queries.row(q), base_.rows, d);
      near.clear();
      for (uint32_t i = 0; i < base_.rows.rows; ++i) {
        if ((subset.bits[i / 64] >> (i % 64) & 1) != 0)
          near.emplace_back(d[i], static_cast<int32_t>(i));
      }
      std::partial_sort(near.begin(), near.begin() + k, near.end());
      for (uint32_t i = 0; i < k; ++i) out.row(q)[i] = near[i].second;
    }
    return out;
  }

 private:
  const Base& base_;
  const rhumb_kernel_t* kernel_;
};

Matrix<float> rows_at(const Matrix<float>& from, const std::vector<uint32_t>& which) {
  Matrix<float> out(static_cast<uint32_t>(which.size()), from.columns);
  for (uint32_t i = 0; i < which.size(); ++i)
    std::copy_n(from.row(which[i]), from.columns, out.row(i));
  return out;
}

struct Clusters {
  std::vector<uint32_t> of_row, of_query, sizes;
};

// Takes clusters in a random order until `percent` of the rows are in them. Of several orders it
// uses the one that contains most queries.
std::vector<bool> choose(const Clusters& clusters, uint32_t percent) {
  std::mt19937_64 random(kSeed);
  std::vector<bool> best;
  size_t best_inside = 0;
  std::vector<uint32_t> order(kPivots);
  std::iota(order.begin(), order.end(), 0);
  for (uint32_t attempt = 0; attempt < kTries; ++attempt) {
    std::shuffle(order.begin(), order.end(), random);
    std::vector<bool> chosen(kPivots);
    uint64_t rows = 0;
    for (size_t i = 0; i < order.size() && rows * 100 < uint64_t{percent} * clusters.of_row.size();
         ++i) {
      chosen[order[i]] = true;
      rows += clusters.sizes[order[i]];
    }
    const auto inside = static_cast<size_t>(std::count_if(
        clusters.of_query.begin(), clusters.of_query.end(), [&](uint32_t c) { return chosen[c]; }));
    if (best.empty() || inside > best_inside) {
      best = chosen;
      best_inside = inside;
    }
  }
  return best;
}

template <typename Passes>
Subset subset_where(uint32_t rows, Passes passes) {
  Subset out{std::vector<uint64_t>(rows / 64 + 1), 0};
  for (uint32_t i = 0; i < rows; ++i) {
    if (!passes(i)) continue;
    out.bits[i / 64] |= uint64_t{1} << (i % 64);
    ++out.count;
  }
  return out;
}

}  // namespace

std::vector<Cell> make_cells(const Base& base, const Matrix<float>& queries, uint32_t k) {
  const Space space(base);
  std::vector<Cell> cells;
  const auto add = [&](std::string name, const Subset& subset, Matrix<float> asked) {
    if (asked.rows < kQueriesMin || subset.count < k) return;
    asked.rows = std::min(asked.rows, kQueriesMax);
    Matrix<int32_t> truth = space.truth(asked, subset, k);
    cells.push_back({std::move(name), subset, std::move(asked), std::move(truth)});
  };
  for (const uint32_t percent : {1u, 3u, 10u, 50u}) {
    add("random " + std::to_string(percent) + " %",
        subset_where(base.rows.rows, [&](uint32_t i) { return passes(i, percent); }), queries);
  }
  std::mt19937_64 random(kSeed);
  std::vector<uint32_t> picked(kPivots);
  for (uint32_t& p : picked) p = static_cast<uint32_t>(random() % base.rows.rows);
  const Matrix<float> pivots = rows_at(base.rows, picked);
  Clusters clusters{space.nearest(base.rows, pivots), space.nearest(queries, pivots),
                    std::vector<uint32_t>(kPivots)};
  for (const uint32_t c : clusters.of_row) ++clusters.sizes[c];
  for (const uint32_t percent : {1u, 10u, 50u}) {
    const std::vector<bool> chosen = choose(clusters, percent);
    const Subset subset =
        subset_where(base.rows.rows, [&](uint32_t i) { return chosen[clusters.of_row[i]]; });
    std::vector<uint32_t> inside, outside;
    for (uint32_t q = 0; q < queries.rows; ++q)
      (chosen[clusters.of_query[q]] ? inside : outside).push_back(q);
    add("with " + std::to_string(percent) + " %", subset, rows_at(queries, inside));
    add("against " + std::to_string(percent) + " %", subset, rows_at(queries, outside));
  }
  return cells;
}

}  // namespace rhumb::bench
