#include "codes/product.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace rhumb::coded {
namespace {

// Rounds of Lloyd's iteration; more rounds reduce the error by less than a hundredth.
constexpr int kRounds = 8;

using Distances = std::array<uint16_t, kCentroids>;

uint32_t nearest_of(const uint16_t* distances) {
  // Distances are compared in blocks, because compilers turn plain loops over a block into vector
  // code.
  constexpr uint32_t kBlock = 32;
  uint16_t least = distances[0];
  for (uint32_t c = 1; c < kCentroids; ++c) least = std::min(least, distances[c]);
  uint32_t at = 0;
  for (uint32_t met = 0; at < kCentroids; at += kBlock) {
    for (uint32_t c = at; c < at + kBlock; ++c) met |= distances[c] == least ? 1u : 0u;
    if (met != 0) break;
  }
  while (distances[at] != least) ++at;
  return at;
}

// The k-means of one run of components. Centroids are rounded to codes after each round, because
// codes are what is stored.
class Run {
 public:
  Run(const uint8_t* codes, uint64_t rows, uint32_t width, uint32_t first, uint32_t sub,
      uint8_t* book, uint64_t seed, const Kernels& kernels)
      : codes_(codes + first),
        rows_(rows),
        width_(width),
        sub_(sub),
        book_(book),
        state_(seed ^ first),
        kernels_(kernels) {}

  void learn() {
    for (uint32_t c = 0; c < kCentroids; ++c) set_to_row(c);
    for (int round = 0; round < kRounds; ++round) improve();
  }

 private:
  const uint8_t* row(uint64_t i) const { return codes_ + i * width_; }
  void set(uint32_t centroid, uint32_t component, uint32_t code) {
    book_[book_offset(centroid, component, sub_)] = static_cast<uint8_t>(code);
  }
  void set_to_row(uint32_t centroid) {
    const uint8_t* const from = row(next_random() % rows_);
    for (uint32_t d = 0; d < sub_; ++d) set(centroid, d, from[d]);
  }
  void improve() {
    std::vector<uint32_t> counts(kCentroids), sums(kCentroids * sub_);
    Distances distances;
    for (uint64_t i = 0; i < rows_; ++i) {
      const uint8_t* const from = row(i);
      kernels_.squared_to(from, book_, sub_, sub_, distances.data());
      const uint32_t nearest = nearest_of(distances.data());
      ++counts[nearest];
      for (uint32_t d = 0; d < sub_; ++d) sums[nearest * sub_ + d] += from[d];
    }
    for (uint32_t c = 0; c < kCentroids; ++c) {
      if (counts[c] == 0)
        set_to_row(c);
      else
        for (uint32_t d = 0; d < sub_; ++d)
          set(c, d, (sums[c * sub_ + d] + counts[c] / 2) / counts[c]);
    }
  }
  uint64_t next_random() {  // SplitMix64
    uint64_t x = state_ += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
  }

  const uint8_t* const codes_;
  const uint64_t rows_;
  const uint32_t width_, sub_;
  uint8_t* const book_;
  uint64_t state_;
  const Kernels& kernels_;
};

}  // namespace

Product Product::train(const uint8_t* codes, uint64_t rows, uint32_t width, uint32_t sub,
                       uint64_t seed, const Kernels& kernels, const Each& each) {
  std::vector<uint8_t> book(book_bytes(width), static_cast<uint8_t>(kCodeMax / 2 + 1));
  if (rows > 0) {
    each(width / sub, [&](uint64_t run) {
      const auto first = static_cast<uint32_t>(run) * sub;
      Run(codes, rows, width, first, sub, book.data() + uint64_t{first} * kCentroids, seed, kernels)
          .learn();
    });
  }
  return Product(std::move(book), width, sub);
}

void Product::encode(const uint8_t* code, const Kernels& kernels, uint8_t* out) const {
  Distances distances;
  for (uint32_t first = 0; first < width_; first += sub_) {
    kernels.squared_to(code + first, book_.data() + uint64_t{first} * kCentroids, sub_, sub_,
                       distances.data());
    *out++ = static_cast<uint8_t>(nearest_of(distances.data()));
  }
}

void Product::decode(const uint8_t* product, uint8_t* code) const {
  for (uint32_t first = 0; first < width_; first += sub_) {
    const uint8_t* const run = book_.data() + uint64_t{first} * kCentroids;
    const uint32_t centroid = *product++;
    if (sub_ < 4)
      std::memcpy(code + first, run + centroid * sub_, sub_);
    else
      for (uint32_t d = 0; d < sub_; d += 4)
        std::memcpy(code + first + d, run + book_offset(centroid, d, sub_), 4);
  }
}

}  // namespace rhumb::coded
