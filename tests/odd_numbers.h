// Numbers that break code written for ordinary numbers, and a check that an order is valid for
// them, too. This header includes nothing of the project.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace rhumb::test {

// Returns any bits, and often the odd cases: NaNs with payloads and signs, infinities, the largest
// numbers, denormals, both zeros.
inline float odd_float(std::mt19937_64& random) {
  constexpr uint32_t kOdd[] = {0x7FC00000, 0xFFC12345, 0x7F800001, 0xFF800001,
                               0x7F800000, 0xFF800000, 0x7F7FFFFF, 0xFF7FFFFF,
                               0x00000001, 0x80000001, 0x807FFFFF, 0x00800000,
                               0x80000000, 0x00000000, 0x3F800000, 0x5F000000};
  const uint64_t r = random();
  return std::bit_cast<float>((r & 3) == 0 ? kOdd[(r >> 8) % std::size(kOdd)]
                                           : static_cast<uint32_t>(r >> 32));
}
inline float odd_finite_float(std::mt19937_64& random) {
  float value = odd_float(random);
  while (!std::isfinite(value)) value = odd_float(random);
  return value;
}

// Checks less() for all triples of these values. Returns the fault, or an empty text if it is a
// strict weak order.
template <typename T, typename Less>
std::string order_fault(const std::vector<T>& values, Less less) {
  const size_t n = values.size();
  const auto same = [&](size_t a, size_t b) {
    return !less(values[a], values[b]) && !less(values[b], values[a]);
  };
  for (size_t a = 0; a < n; ++a) {
    if (less(values[a], values[a])) return "value " + std::to_string(a) + " is less than itself";
    for (size_t b = 0; b < n; ++b) {
      if (less(values[a], values[b]) && less(values[b], values[a]))
        return std::to_string(a) + " and " + std::to_string(b) + " are less than each other";
      for (size_t c = 0; c < n; ++c) {
        const std::string names =
            std::to_string(a) + ", " + std::to_string(b) + ", " + std::to_string(c);
        if (less(values[a], values[b]) && less(values[b], values[c]) && !less(values[a], values[c]))
          return "not transitive: " + names;
        if (same(a, b) && same(b, c) && !same(a, c))
          return "equivalence is not transitive: " + names;
      }
    }
  }
  return {};
}

}  // namespace rhumb::test
