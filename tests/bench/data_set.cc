#include "tests/bench/data_set.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "rhumb/kernels.h"
#include "tests/bench/random.h"

namespace rhumb::bench {
namespace {

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

struct World {
  std::vector<double> scale, weights;  // per rank; cumulated over clusters
  std::vector<double> means, axes;     // clusters x rank
  std::vector<float> projection;       // rank x dim
  std::vector<double> common;          // dim

  World(const Recipe& r, Random& random) : scale(r.rank), weights(r.clusters) {
    double square = 0;
    for (uint32_t j = 0; j < r.rank; ++j)
      square += std::pow(scale[j] = std::pow(j + 1, -r.decay), 2);
    for (double& s : scale) s /= std::sqrt(square);
    projection.resize(static_cast<size_t>(r.rank) * r.dim);
    for (float& w : projection) w = static_cast<float>(random.normal());
    for (uint32_t c = 0; c < r.clusters; ++c) {
      for (uint32_t j = 0; j < r.rank; ++j) means.push_back(scale[j] * random.normal());
      for (uint32_t j = 0; j < r.rank; ++j)
        axes.push_back(std::exp(r.sigma_axis * random.normal()));
    }
    for (uint32_t j = 0; j < r.dim; ++j) common.push_back(random.normal());
    double total = 0;
    for (uint32_t c = 0; c < r.clusters; ++c) weights[c] = total += 1 / std::sqrt(c + 1.0);
    for (double& w : weights) w /= total;
  }
};

void draw(const Recipe& r, const World& world, Random& random, float* out) {
  const size_t last = world.weights.size() - 1;
  const size_t c = std::min<size_t>(
      last, std::upper_bound(world.weights.begin(), world.weights.end(), random.uniform()) -
                world.weights.begin());
  const double radius = r.within * std::exp(r.sigma_radius * random.normal());
  for (uint32_t i = 0; i < r.dim; ++i) out[i] = static_cast<float>(r.noise * random.normal());
  for (uint32_t j = 0; j < r.rank; ++j) {
    const size_t at = c * r.rank + j;
    const auto z = static_cast<float>(world.means[at] +
                                      radius * world.axes[at] * world.scale[j] * random.normal());
    const float* w = world.projection.data() + static_cast<size_t>(j) * r.dim;
    for (uint32_t i = 0; i < r.dim; ++i) out[i] += z * w[i];
  }
  for (uint32_t i = 0; i < r.dim; ++i) {
    out[i] = r.embedding ? out[i] + static_cast<float>(0.8 * world.common[i])
                         : std::clamp(30 + 35 * out[i], 0.0f, 218.0f);
  }
  if (r.embedding) rhumb_normalise_f32(out, r.dim);
}

}  // namespace

template <typename T>
void write_matrix(const std::string& path, const Matrix<T>& m) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(&m.rows), 4);
  out.write(reinterpret_cast<const char*>(&m.columns), 4);
  out.write(reinterpret_cast<const char*>(m.values.data()),
            static_cast<std::streamsize>(m.values.size() * sizeof(T)));
  if (!out.flush()) fail("cannot write " + path);
}

template <typename T>
Matrix<T> read_matrix(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  uint32_t shape[2] = {};
  if (!in.read(reinterpret_cast<char*>(shape), 8)) fail("cannot read " + path);
  Matrix<T> m(shape[0], shape[1]);
  if (!in.read(reinterpret_cast<char*>(m.values.data()),
               static_cast<std::streamsize>(m.values.size() * sizeof(T))))
    fail("cut short: " + path);
  return m;
}

template void write_matrix(const std::string&, const Matrix<float>&);
template void write_matrix(const std::string&, const Matrix<int32_t>&);
template Matrix<float> read_matrix(const std::string&);
template Matrix<int32_t> read_matrix(const std::string&);

DataSet generate(const Recipe& recipe, uint32_t points, uint32_t queries, uint64_t seed) {
  Random random(seed);
  const World world(recipe, random);
  DataSet set{recipe.embedding, Matrix<float>(points, recipe.dim),
              Matrix<float>(queries, recipe.dim)};
  for (uint32_t i = 0; i < points; ++i) draw(recipe, world, random, set.base.row(i));
  for (uint32_t i = 0; i < queries; ++i) draw(recipe, world, random, set.queries.row(i));
  return set;
}

bool passes(uint32_t point, uint32_t percent) {
  return Random(point + uint64_t{1} * percent * 1000003).next() % 100 < percent;
}

Matrix<int32_t> exact_neighbours(const DataSet& set, uint32_t k, uint32_t percent) {
  const rhumb_kernel_t* kernel =
      rhumb_kernel_for(set.cosine ? RHUMB_COSINE : RHUMB_EUCLID, RHUMB_F32);
  Matrix<int32_t> truth(set.queries.rows, k);
  std::vector<char> pass(set.base.rows, 1);
  if (percent < 100) {
    for (uint32_t i = 0; i < set.base.rows; ++i) pass[i] = passes(i, percent);
  }
  const auto work = [&](uint32_t first, uint32_t step) {
    std::vector<float> distance(set.base.rows);
    std::vector<std::pair<float, int32_t>> near;
    for (uint32_t q = first; q < set.queries.rows; q += step) {
      kernel->rows(set.queries.row(q), set.base.values.data(), set.base.columns * sizeof(float),
                   set.base.rows, set.base.columns, distance.data());
      near.clear();
      for (uint32_t i = 0; i < set.base.rows; ++i) {
        if (pass[i]) near.emplace_back(distance[i], static_cast<int32_t>(i));
      }
      if (near.size() < k) fail("fewer than k points pass the filter");
      std::partial_sort(near.begin(), near.begin() + k, near.end());
      for (uint32_t i = 0; i < k; ++i) truth.row(q)[i] = near[i].second;
    }
  };
  const uint32_t threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::thread> pool;
  for (uint32_t t = 0; t < threads; ++t) pool.emplace_back(work, t, threads);
  for (std::thread& t : pool) t.join();
  return truth;
}

double recall(const int32_t* truth, const int32_t* found, uint32_t n, uint32_t k) {
  uint32_t hits = 0;
  for (uint32_t i = 0; i < k; ++i) hits += std::find(found, found + n, truth[i]) != found + n;
  return static_cast<double>(hits) / k;
}

}  // namespace rhumb::bench
