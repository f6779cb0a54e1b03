// Data sets that behave like embeddings: low-rank clusters seen through a random projection, or a
// real set. They come with the exact neighbours of queries that are not in the base.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rhumb::bench {

// A row-major matrix as in *.fbin (float) and *.ibin (int) files: u32 rows, u32 columns, values,
// all little-endian.
template <typename T>
struct Matrix {
  uint32_t rows = 0, columns = 0;
  std::vector<T> values;
  Matrix() = default;
  Matrix(uint32_t r, uint32_t c) : rows(r), columns(c), values(static_cast<size_t>(r) * c) {}
  T* row(size_t i) { return values.data() + i * columns; }
  const T* row(size_t i) const { return values.data() + i * columns; }
};

// Both functions end the program with a message if the file cannot be used.
template <typename T>
void write_matrix(const std::string& path, const Matrix<T>& matrix);
template <typename T>
Matrix<T> read_matrix(const std::string& path);

// Parameters of x = W'z + noise * N(0, I), z = mu_c + rad * an_c o s o N(0, I_rank), s_j ~ (j +
// 1)^-decay with |s| = 1, mu_c = s o N, an_c log-normal per cluster and axis, rad = within *
// exp(sigma_radius * N) per point, cluster weights ~ rank^-0.5.
struct Recipe {
  uint32_t dim, rank, clusters;
  double decay, within, noise, sigma_axis, sigma_radius;
  // Either add 0.8 of a common mean and normalise (cosine), or clip(30 + 35 x, 0, 218) (euclid).
  bool embedding;
};
inline constexpr Recipe kC128{128, 48, 1000, .45, .90, .15, .5, .25, false};
inline constexpr Recipe kE1536{1536, 96, 500, .40, 1.10, .40, .3, .12, true};

struct DataSet {
  bool cosine = false;
  Matrix<float> base, queries;
};
DataSet generate(const Recipe& recipe, uint32_t points, uint32_t queries, uint64_t seed);

// Whether a filter that keeps `percent` of 100 lets the point pass. The payloads of the load
// program follow the same rule.
bool passes(uint32_t point, uint32_t percent);

// Returns the k nearest passing rows of the base, exactly, by the SDK's kernels.
Matrix<int32_t> exact_neighbours(const DataSet& set, uint32_t k, uint32_t percent);

// Returns the share of the first k of `truth` that is in `found` (n ids, which may be fewer than
// k).
double recall(const int32_t* truth, const int32_t* found, uint32_t n, uint32_t k);

}  // namespace rhumb::bench
