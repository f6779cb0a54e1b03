// Product quantization (Jégou, Douze, Schmid, IEEE TPAMI 2011) of 7-bit codes: a run of `sub`
// components becomes the number of the nearest of 256 centroids, one byte. Centroids are 7-bit
// codes themselves. So distances are whole numbers in the same unit as all others, a query is a
// table of its distances to every centroid, and a decoded row is compared like any other code.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "codes/kernels.h"

namespace rhumb::coded {

// Calls fn(i) for all i below n, possibly in parallel.
using Each = std::function<void(uint64_t n, const std::function<void(uint64_t)>& fn)>;

// Immutable; any thread may use it.
class Product {
 public:
  // Runs k-means on the sample's codes: `rows` rows of `width` components. `sub` is 1, 2, 4, 8 or
  // 16 and divides `width`.
  static Product train(const uint8_t* codes, uint64_t rows, uint32_t width, uint32_t sub,
                       uint64_t seed, const Kernels& kernels, const Each& each);
  // `book` is an earlier result of book().
  Product(std::vector<uint8_t> book, uint32_t width, uint32_t sub)
      : book_(std::move(book)), width_(width), sub_(sub) {}

  const std::vector<uint8_t>& book() const noexcept { return book_; }
  static uint64_t book_bytes(uint32_t width) noexcept { return uint64_t{kCentroids} * width; }
  uint32_t code_bytes() const noexcept { return width_ / sub_; }

  void encode(const uint8_t* code, const Kernels& kernels, uint8_t* out) const;
  void decode(const uint8_t* product, uint8_t* code) const;
  // Fills the query's table: `out` has code_bytes() * kCentroids numbers.
  void table(const uint8_t* code, bool squares, const Kernels& kernels, uint16_t* out) const {
    (squares ? kernels.squared_to : kernels.absolute_to)(code, book_.data(), width_, sub_, out);
  }

 private:
  std::vector<uint8_t> book_;  // in the layout that Kernels::squared_to reads
  uint32_t width_, sub_;
};

}  // namespace rhumb::coded
