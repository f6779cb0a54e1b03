#include "tests/bench/ann/shapes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "rhumb/kernels.h"
#include "tests/bench/random.h"

namespace rhumb::bench {
namespace {

// Seed of the changes that are made to the rows. The rows are drawn with another seed.
constexpr uint64_t kOrderSeed = 0x5eed;

// Unit rows in clusters of low rank, like embeddings.
DataSet embeddings(const Shape& s, const Sizes& n, uint32_t clusters = 200) {
  const Recipe recipe{s.dim, std::min(s.dim, 32u), clusters, .45, .90, .15, .5, .25, true};
  DataSet set = generate(recipe, n.rows, n.queries, s.seed);
  set.cosine = s.metric == RHUMB_COSINE;
  return set;
}

DataSet gaussian(const Shape& s, const Sizes& n) {
  Random random(s.seed);
  DataSet set{s.metric == RHUMB_COSINE, Matrix<float>(n.rows, s.dim),
              Matrix<float>(n.queries, s.dim)};
  for (Matrix<float>* m : {&set.base, &set.queries}) {
    for (float& x : m->values) x = static_cast<float>(random.normal());
  }
  return set;
}

// Calls fn(row, position in the matrix from 0 to 1, random numbers) for every row and query.
template <typename Fn>
DataSet changed(DataSet set, const Shape& s, Fn fn) {
  Random random(s.seed + kOrderSeed);
  for (Matrix<float>* m : {&set.base, &set.queries}) {
    for (uint32_t i = 0; i < m->rows; ++i) {
      fn(m->row(i), (i + 0.5) / m->rows, random);
      if (s.metric == RHUMB_COSINE) rhumb_normalise_f32(m->row(i), s.dim);
    }
  }
  return set;
}

void multiply(float* row, uint32_t dim, double factor) {
  for (uint32_t j = 0; j < dim; ++j) row[j] = static_cast<float>(row[j] * factor);
}

// Subtracts the mean of all rows, so that zero lies in their middle, where the centre of the codes
// is.
DataSet centred(DataSet set, const Shape& s) {
  std::vector<double> mean(s.dim);
  for (uint32_t i = 0; i < set.base.rows; ++i) {
    for (uint32_t j = 0; j < s.dim; ++j) mean[j] += set.base.row(i)[j] / set.base.rows;
  }
  for (Matrix<float>* m : {&set.base, &set.queries}) {
    for (uint32_t i = 0; i < m->rows; ++i) {
      for (uint32_t j = 0; j < s.dim; ++j) m->row(i)[j] -= static_cast<float>(mean[j]);
      rhumb_normalise_f32(m->row(i), s.dim);
    }
  }
  return set;
}

void clear_rows(DataSet& set, const Shape& s, double share) {
  Random random(s.seed + kOrderSeed);
  for (uint32_t i = 0; i < set.base.rows; ++i) {
    if (random.uniform() < share) std::fill_n(set.base.row(i), s.dim, 0.0f);
  }
}

DataSet half_zero(const Shape& s, const Sizes& n) {
  DataSet set = centred(embeddings(s, n), s);
  clear_rows(set, s, .5);
  return set;
}

DataSet gaussian_half_zero(const Shape& s, const Sizes& n) {
  DataSet set = changed(gaussian(s, n), s, [](float*, double, Random&) {});
  clear_rows(set, s, .5);
  return set;
}

// Documents of eight tokens, of which one to six are real and the others are zeros. The real ones
// vary around a middle of their own.
DataSet zero_padded(const Shape& s, const Sizes& n) {
  constexpr uint32_t kTokens = 8, kReal = 6;
  DataSet set = centred(embeddings(s, n), s);
  Random random(s.seed + kOrderSeed);
  for (uint32_t first = 0; first < n.rows; first += kTokens) {
    const auto real = 1 + static_cast<uint32_t>(random.next() % kReal);
    for (uint32_t i = first; i < std::min(n.rows, first + kTokens); ++i) {
      float* const row = set.base.row(i);
      if (i - first >= real) {
        std::fill_n(row, s.dim, 0.0f);
        continue;
      }
      for (uint32_t j = 0; j < s.dim; ++j) row[j] = .5f * (row[j] + set.base.row(first)[j]);
      rhumb_normalise_f32(row, s.dim);
    }
  }
  return set;
}

DataSet one_outlier(const Shape& s, const Sizes& n) {
  DataSet set = embeddings(s, n);
  multiply(set.base.row(0), s.dim, 1e4);
  return set;
}

// One row in a thousand is 0.1 to 10,000 times as long as the others.
DataSet some_outliers(const Shape& s, const Sizes& n) {
  DataSet set = embeddings(s, n);
  Random random(s.seed + kOrderSeed);
  for (uint32_t i = 0; i < n.rows; i += 1000)
    multiply(set.base.row(i), s.dim, std::pow(10, 5 * random.uniform() - 1));
  return set;
}

DataSet lognormal(const Shape& s, const Sizes& n) {
  return changed(embeddings(s, n), s, [&](float* row, double, Random& random) {
    multiply(row, s.dim, std::exp(1.5 * random.normal()));
  });
}

DataSet two_lengths(const Shape& s, const Sizes& n) {
  return changed(embeddings(s, n), s, [&](float* row, double, Random& random) {
    multiply(row, s.dim, random.uniform() < .5 ? 1 : 1e-3);
  });
}

DataSet rising(const Shape& s, const Sizes& n) {
  return changed(embeddings(s, n), s, [&](float* row, double at, Random&) {
    multiply(row, s.dim, std::pow(10, 2.5 * at));
  });
}

DataSet scaled(const Shape& s, const Sizes& n, const std::vector<double>& scale) {
  return changed(embeddings(s, n), s, [&](float* row, double, Random&) {
    for (uint32_t j = 0; j < s.dim; ++j) row[j] = static_cast<float>(row[j] * scale[j]);
  });
}

DataSet component_scales(const Shape& s, const Sizes& n) {
  Random random(s.seed + kOrderSeed);
  std::vector<double> scale(s.dim);
  for (double& x : scale) x = std::pow(10, 4 * random.uniform());
  return scaled(s, n, scale);
}

// A few components make up nearly all of a distance.
DataSet steep_scales(const Shape& s, const Sizes& n) {
  Random random(s.seed + kOrderSeed);
  std::vector<double> scale(s.dim);
  for (double& x : scale) x = std::exp(3 * random.normal());
  return scaled(s, n, scale);
}

// Student's t with two degrees of freedom on each component.
DataSet heavy_tails(const Shape& s, const Sizes& n) {
  return changed(embeddings(s, n), s, [&](float* row, double, Random& random) {
    for (uint32_t j = 0; j < s.dim; ++j)
      row[j] += static_cast<float>(.02 * random.normal() /
                                   std::sqrt(1e-6 - std::log(1 - random.uniform())));
  });
}

DataSet placeholders(const Shape& s, const Sizes& n) {
  DataSet set = embeddings(s, n);
  for (uint32_t i = 0; i < n.rows / 10; ++i) {
    std::fill_n(set.base.row(i), s.dim, .1f);
    if (set.cosine) rhumb_normalise_f32(set.base.row(i), s.dim);
  }
  return set;
}

// Twelve topics one after another, far apart, with queries from all of them.
DataSet topics(const Shape& s, const Sizes& n) {
  constexpr uint32_t kTopics = 12;
  Random random(s.seed + 2 * kOrderSeed);
  std::vector<float> middles(size_t{kTopics} * s.dim);
  for (float& x : middles) x = static_cast<float>(4 * random.normal());
  return changed(gaussian(s, n), s, [&](float* row, double at, Random&) {
    const float* const middle = middles.data() + static_cast<size_t>(at * kTopics) * s.dim;
    for (uint32_t j = 0; j < s.dim; ++j) row[j] += middle[j];
  });
}

// A hundred rows around each middle, which differ by half a per cent. Queries are such rows, too.
DataSet near_duplicates(const Shape& s, const Sizes& n) {
  constexpr uint32_t kAlike = 100;
  Random random(s.seed);
  const uint32_t groups = std::max(1u, n.rows / kAlike);
  Matrix<float> middles(groups, s.dim);
  for (float& x : middles.values) x = static_cast<float>(random.normal());
  DataSet set = gaussian(s, n);
  uint32_t at = 0;
  return changed(std::move(set), s, [&](float* row, double, Random&) {
    const float* const middle = middles.row(at++ % groups);
    for (uint32_t j = 0; j < s.dim; ++j) row[j] = middle[j] + .005f * row[j];
  });
}

DataSet near_duplicates_stored(const Shape& s, const Sizes& n) {
  DataSet set = near_duplicates(s, n);
  for (uint32_t i = 0; i < n.queries; ++i)
    std::copy_n(set.base.row(uint64_t{i} * n.rows / n.queries), s.dim, set.queries.row(i));
  return set;
}

DataSet repeated(const Shape& s, const Sizes& n) {  // each vector ten times, at random places
  DataSet set = embeddings(s, n);
  Random random(s.seed + kOrderSeed);
  const uint32_t distinct = std::max(1u, n.rows / 10);
  for (uint32_t i = distinct; i < n.rows; ++i)
    std::copy_n(set.base.row(random.next() % distinct), s.dim, set.base.row(i));
  for (uint32_t i = n.rows - 1; i > 0; --i) {
    std::swap_ranges(set.base.row(i), set.base.row(i) + s.dim, set.base.row(random.next() % i));
  }
  return set;
}

DataSet one_vector_mostly(const Shape& s, const Sizes& n) {
  DataSet set = embeddings(s, n);
  Random random(s.seed + kOrderSeed);
  for (uint32_t i = 1; i < n.rows; ++i) {
    if (random.uniform() < .9) std::copy_n(set.base.row(0), s.dim, set.base.row(i));
  }
  return set;
}

DataSet bytes(const Shape& s, const Sizes& n) {
  return changed(
      generate({s.dim, 32, 200, .45, .90, .15, .5, .25, false}, n.rows, n.queries, s.seed), s,
      [&](float* row, double, Random&) {
        for (uint32_t j = 0; j < s.dim; ++j)
          row[j] = std::clamp(std::round(row[j] * 1.2f), 0.0f, 255.0f);
      });
}

DataSet constant_component(const Shape& s, const Sizes& n) {
  const float constant = s.metric == RHUMB_COSINE ? 3.0f : 1e3f;  // relative to unit rows
  return changed(embeddings(s, n), s,
                 [&](float* row, double, Random&) { row[s.dim / 2] = constant; });
}

// Rows along one line, with a thousandth of its length beside it.
DataSet collinear(const Shape& s, const Sizes& n) {
  Random random(s.seed + 2 * kOrderSeed);
  std::vector<double> line(s.dim);
  for (double& x : line) x = random.normal();
  return changed(gaussian(s, n), s, [&](float* row, double, Random& r) {
    const double at = 100 * r.uniform();
    for (uint32_t j = 0; j < s.dim; ++j) row[j] = static_cast<float>(at * line[j] + .1 * row[j]);
  });
}

DataSet drift(const Shape& s, const Sizes& n) {
  Random random(s.seed + 2 * kOrderSeed);
  std::vector<double> way(s.dim);
  for (double& x : way) x = random.normal();
  return changed(embeddings(s, n), s, [&](float* row, double at, Random&) {
    for (uint32_t j = 0; j < s.dim; ++j) row[j] += static_cast<float>(2 * at * way[j]);
  });
}

DataSet sparse(const Shape& s, const Sizes& n) {  // counts of a few of the components
  return changed(gaussian(s, n), s, [&](float* row, double, Random& random) {
    const uint64_t topic = random.next() % 40;
    for (uint32_t j = 0; j < s.dim; ++j) {
      const bool of_topic = Random(topic * s.dim + j).next() % 8 == 0;
      row[j] =
          random.uniform() < (of_topic ? .3 : .02) ? static_cast<float>(std::exp(row[j])) : 0.0f;
    }
  });
}

DataSet narrow(const Shape& s, const Sizes& n) { return embeddings(s, n, 50); }
DataSet narrow_gaussian(const Shape& s, const Sizes& n) { return gaussian(s, n); }

constexpr Shape kShapes[] = {
    {"zero_half", "half of the rows zero", RHUMB_COSINE, 128, 101, half_zero},
    {"zero_padded", "tokens of documents, padded with zero rows", RHUMB_COSINE, 96, 102,
     zero_padded},
    {"zero_half_gaussian", "gaussian rows without clusters, half of them zero", RHUMB_COSINE, 64,
     103, gaussian_half_zero},
    {"outlier", "the first row 10,000 times longer", RHUMB_EUCLID, 64, 104, one_outlier},
    {"outliers", "one row in 1,000 up to 10,000 times longer", RHUMB_EUCLID, 64, 105,
     some_outliers},
    {"lognormal_dot", "lengths lognormal, sigma 1.5", RHUMB_DOT, 64, 106, lognormal},
    {"lognormal_euclid", "lengths lognormal, sigma 1.5", RHUMB_EUCLID, 64, 107, lognormal},
    {"two_lengths", "half of the rows a thousandth as long", RHUMB_EUCLID, 64, 108, two_lengths},
    {"rising_dot", "lengths rise 300 times along the rows", RHUMB_DOT, 64, 109, rising},
    {"rising_euclid", "lengths rise 300 times along the rows", RHUMB_EUCLID, 64, 110, rising},
    {"scales_manhattan", "components scaled by 1 to 10,000", RHUMB_MANHATTAN, 64, 111,
     component_scales},
    {"scales_euclid", "components scaled by 1 to 10,000", RHUMB_EUCLID, 64, 112, component_scales},
    {"steep_manhattan", "components scaled lognormally, sigma 3", RHUMB_MANHATTAN, 96, 132,
     steep_scales},
    {"steep_euclid", "components scaled lognormally, sigma 3", RHUMB_EUCLID, 96, 133, steep_scales},
    {"heavy_tails_manhattan", "components with heavy tails", RHUMB_MANHATTAN, 64, 113, heavy_tails},
    {"placeholder_cosine", "a tenth of the rows one placeholder, first", RHUMB_COSINE, 64, 114,
     placeholders},
    {"placeholder_euclid", "a tenth of the rows one placeholder, first", RHUMB_EUCLID, 64, 115,
     placeholders},
    {"topics_euclid", "twelve topics one after another", RHUMB_EUCLID, 64, 116, topics},
    {"topics_cosine", "twelve topics one after another", RHUMB_COSINE, 64, 117, topics},
    {"near_duplicates", "a hundred rows that differ by half a per cent around each middle",
     RHUMB_COSINE, 64, 118, near_duplicates},
    {"near_duplicates_stored", "the same, asked by stored rows", RHUMB_COSINE, 64, 119,
     near_duplicates_stored},
    {"duplicates", "each vector ten times", RHUMB_COSINE, 64, 120, repeated},
    {"one_vector", "90 % of the rows one vector", RHUMB_EUCLID, 64, 121, one_vector_mostly},
    {"bytes", "integers 0 to 255", RHUMB_EUCLID, 96, 122, bytes},
    {"constant_euclid", "one component 1,000 in all rows", RHUMB_EUCLID, 64, 123,
     constant_component},
    {"constant_cosine", "one component three times as long as the rest, in all rows", RHUMB_COSINE,
     64, 124, constant_component},
    {"collinear", "rows along a line", RHUMB_EUCLID, 64, 125, collinear},
    {"drift", "the mean drifts along the rows", RHUMB_EUCLID, 64, 126, drift},
    {"sparse", "one component in twenty is not zero", RHUMB_COSINE, 256, 127, sparse},
    {"gaussian", "gaussian rows without clusters", RHUMB_EUCLID, 32, 128, narrow_gaussian},
    {"dim2", "two dimensions", RHUMB_EUCLID, 2, 129, narrow_gaussian},
    {"dim3", "three dimensions", RHUMB_DOT, 3, 130, narrow_gaussian},
    {"dim16", "sixteen dimensions", RHUMB_COSINE, 16, 131, narrow},
};

}  // namespace

std::span<const Shape> hostile_shapes() { return kShapes; }

}  // namespace rhumb::bench
