// Orders floating-point numbers by their place. Unlike `<`, this is a strict weak order over all
// bit patterns: -0 equals 0, and a NaN comes after everything else.
#pragma once

#include <bit>
#include <cstdint>

namespace rhumb::base {

inline uint32_t place_of(float value) {
  if (value != value) return ~uint32_t{0};
  const auto bits = std::bit_cast<uint32_t>(value + 0.0f);
  return (bits & 0x8000'0000u) != 0 ? ~bits : bits | 0x8000'0000u;
}

// The number at a place. The last place holds a NaN.
inline float float_at(uint32_t place) {
  return std::bit_cast<float>((place & 0x8000'0000u) != 0 ? place & 0x7FFF'FFFFu : ~place);
}

inline uint64_t place_of(double value) {
  if (value != value) return ~uint64_t{0};
  const auto bits = std::bit_cast<uint64_t>(value + 0.0);
  return (bits & 0x8000'0000'0000'0000u) != 0 ? ~bits : bits | 0x8000'0000'0000'0000u;
}

}  // namespace rhumb::base
