// Columns of generated vectors in memory, laid out as in a segment. This header includes only the
// SDK.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "rhumb/index.h"
#include "rhumb/kernels.h"

namespace rhumb::index_test {

#if defined(RHUMB_SANITIZED)
inline constexpr uint32_t kSlowDown = 8;  // instrumented builds get this many times less data
#else
inline constexpr uint32_t kSlowDown = 1;
#endif
// For tests of graphs: so many times less, which is still more than the number of rows below which
// an engine has no graph.
inline constexpr uint32_t kFewer = kSlowDown > 1 ? 3 : 1;

// Vectors like embeddings: clusters of different shape and weight in a subspace of low rank, with a
// little noise in all directions.
class Generator {
 public:
  Generator(uint32_t dim, uint64_t seed, uint32_t clusters = 100, uint32_t rank = 24)
      : dim_(dim), rank_(std::min(rank, dim)), random_(seed) {
    std::printf("data: dim %u, seed %llu\n", dim, static_cast<unsigned long long>(seed));
    basis_.resize(rank_ * dim_);
    for (float& x : basis_) x = normal();
    scale_.resize(rank_);
    for (uint32_t j = 0; j < rank_; ++j) scale_[j] = std::pow(static_cast<float>(j + 1), -0.45f);
    for (uint32_t c = 0; c < clusters; ++c) {
      weights_.push_back(1.0 / std::sqrt(c + 1.0));
      for (uint32_t j = 0; j < rank_; ++j) {
        centres_.push_back(scale_[j] * normal());
        widths_.push_back(scale_[j] * 0.6f * std::exp(0.3f * normal()));
      }
    }
  }
  // Returns one vector. `cluster` is set to the cluster that it came from.
  std::vector<float> next(uint32_t* cluster = nullptr) {
    const auto c = std::discrete_distribution<uint32_t>(weights_.begin(), weights_.end())(random_);
    if (cluster != nullptr) *cluster = c;
    std::vector<float> out(dim_, 0.0f);
    for (uint32_t j = 0; j < rank_; ++j) {
      const float z = centres_[c * rank_ + j] + widths_[c * rank_ + j] * normal();
      for (uint32_t i = 0; i < dim_; ++i) out[i] += z * basis_[j * dim_ + i];
    }
    for (float& x : out) x += 0.1f * normal();
    return out;
  }
  std::mt19937_64& random() { return random_; }

 private:
  float normal() { return std::normal_distribution<float>()(random_); }
  const uint32_t dim_, rank_;
  std::mt19937_64 random_;
  std::vector<float> basis_, scale_, centres_, widths_;
  std::vector<double> weights_;
};

// Returns a vector in a column's scalar type, prepared for the metric as the host does it.
inline std::string encoded(std::vector<float> v, uint32_t scalar, uint32_t metric) {
  const auto dim = static_cast<uint32_t>(v.size());
  if (metric == RHUMB_COSINE && scalar != RHUMB_U8) rhumb_normalise_f32(v.data(), dim);
  std::string out(rhumb_vector_bytes(scalar, dim), '\0');
  if (scalar == RHUMB_F32) std::memcpy(out.data(), v.data(), out.size());
  if (scalar == RHUMB_F16) rhumb_f32_to_f16(v.data(), reinterpret_cast<uint16_t*>(out.data()), dim);
  for (uint32_t i = 0; i < dim; ++i) {
    if (scalar == RHUMB_U8)
      out[i] = static_cast<char>(std::lround(std::clamp(128 + 12 * v[i], 0.0f, 255.0f)));
    if (scalar == RHUMB_BIT && v[i] > 0) out[i / 8] = static_cast<char>(out[i / 8] | 1 << (i % 8));
  }
  return out;
}

// A column in chunks of 256 rows, each in an allocation of its own, with room for `capacity` rows.
class Column {
 public:
  static constexpr uint32_t kShift = 8;
  Column(uint32_t metric, uint32_t scalar, uint32_t dim, uint32_t capacity = 1 << 17)
      : metric_(metric), table_((capacity >> kShift) + 1) {
    raw_ = {sizeof raw_,   scalar, dim, kShift, 0, rhumb_vector_bytes(scalar, dim),
            table_.data(), nullptr};
  }
  Column(const Column&) = delete;
  Column& operator=(const Column&) = delete;
  uint32_t add(const std::vector<float>& v) {
    const auto slot = static_cast<uint32_t>(raw_.rows);
    if ((slot & ((1u << kShift) - 1)) == 0) {
      chunks_.push_back(std::make_unique<char[]>(raw_.stride << kShift));
      table_[slot >> kShift] = chunks_.back().get();
    }
    const std::string bytes = encoded(v, raw_.scalar, metric_);
    std::memcpy(chunks_.back().get() + (slot & ((1u << kShift) - 1)) * raw_.stride, bytes.data(),
                bytes.size());
    ++raw_.rows;
    return slot;
  }
  void fill(Generator& generator, uint32_t rows, std::vector<uint32_t>* clusters = nullptr) {
    for (uint32_t i = 0; i < rows; ++i) {
      uint32_t cluster = 0;
      add(generator.next(&cluster));
      if (clusters != nullptr) clusters->push_back(cluster);
    }
  }
  std::string query(const std::vector<float>& v) const { return encoded(v, raw_.scalar, metric_); }
  std::vector<std::string> queries(Generator& generator, uint32_t n,
                                   std::vector<uint32_t>* clusters = nullptr) const {
    std::vector<std::string> out;
    for (uint32_t i = 0; i < n; ++i) {
      uint32_t cluster = 0;
      out.push_back(query(generator.next(&cluster)));
      if (clusters != nullptr) clusters->push_back(cluster);
    }
    return out;
  }
  uint32_t metric() const { return metric_; }
  uint32_t rows() const { return static_cast<uint32_t>(raw_.rows); }
  rhumb_vectors_t& raw() { return raw_; }
  const rhumb_vectors_t& raw() const { return raw_; }
  const char* row(uint32_t slot) const {
    return static_cast<const char*>(table_[slot >> kShift]) +
           (slot & ((1u << kShift) - 1)) * raw_.stride;
  }

 private:
  const uint32_t metric_;
  rhumb_vectors_t raw_;
  std::vector<const void*> table_;
  std::vector<std::unique_ptr<char[]>> chunks_;
};

}  // namespace rhumb::index_test
