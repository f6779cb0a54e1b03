#include "codes/floats.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace rhumb::coded {
namespace {

constexpr uint32_t kAtOnce = 128;  // distances per call of the kernel
constexpr float kFarthest = std::numeric_limits<float>::max();

// Not-a-number fails both comparisons, so it becomes the farthest.
uint32_t bits_of_distance(float distance) {
  if (!(distance <= kFarthest)) return std::bit_cast<uint32_t>(kFarthest);
  return std::bit_cast<uint32_t>(distance > 0 ? distance : 0.0f);
}

uint32_t bits_in_order(float value) {
  if (!(std::abs(value) <= kFarthest)) value = value < 0 ? -kFarthest : kFarthest;
  const auto bits = std::bit_cast<uint32_t>(value + 0.0f);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

// |x - z|^2 in the space with one more component. `product` is -<x, z>.
float row_distance(const FloatQuery& q, float square, float product) {
  const double reach = double{q.reach} * q.reach;
  const double beyond =
      std::sqrt(std::max(0.0, reach - q.square)) - std::sqrt(std::max(0.0, reach - square));
  return static_cast<float>(double{q.square} + square + 2.0 * product + beyond * beyond);
}

}  // namespace

void compare_floats(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                    uint32_t* out) {
  const auto& q = *static_cast<const FloatQuery*>(query);
  std::array<float, kAtOnce> distances;
  for (uint32_t first = 0; first < n; first += kAtOnce) {
    const uint32_t m = std::min(kAtOnce, n - first);
    q.kernel->slots(q.vector, q.column, ids + first, m, distances.data());
    if (q.inner_product == 0) {
      for (uint32_t i = 0; i < m; ++i) out[first + i] = bits_of_distance(distances[i]);
    } else if (q.is_row == 0) {
      for (uint32_t i = 0; i < m; ++i) out[first + i] = bits_in_order(distances[i]);
    } else {
      for (uint32_t i = 0; i < m; ++i) {
        const float square = *reinterpret_cast<const float*>(table->row(ids[first + i]));
        out[first + i] = bits_of_distance(row_distance(q, square, distances[i]));
      }
    }
  }
}

float square_of_row(const void* row, uint32_t scalar, uint32_t dim) {
  const rhumb_kernel_t* const kernel = rhumb_kernel_for(RHUMB_DOT, scalar);
  const float square = -kernel->one(row, row, dim);
  return std::isfinite(square) ? square : kFarthest;
}

}  // namespace rhumb::coded
