// float16 without hardware: IEEE 754 binary16. It rounds to the nearest even number. Infinities and
// NaNs are those of F16C.
#pragma once

#include <stdint.h>
#include <string.h>

namespace rhumb::kernels {
namespace {

inline uint32_t bits_of(float f) {
  uint32_t u;
  memcpy(&u, &f, sizeof u);
  return u;
}
inline float float_of(uint32_t u) {
  float f;
  memcpy(&f, &u, sizeof f);
  return f;
}

inline float half_to_float(uint16_t h) {
  const uint32_t sign = static_cast<uint32_t>(h & 0x8000) << 16;
  const uint32_t magnitude = static_cast<uint32_t>(h & 0x7FFF) << 13;
  if (magnitude >= 0x0F800000) {  // infinity or NaN (made quiet)
    const uint32_t quiet = magnitude > 0x0F800000 ? 0x00400000u : 0;
    return float_of(sign | 0x7F800000 | (magnitude & 0x007FFFFF) | quiet);
  }
  // this is exact, also for subnormals
  return float_of(sign | bits_of(float_of(magnitude) * 0x1p112f));
}

inline uint16_t float_to_half(float f) {
  const uint32_t bits = bits_of(f);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
  const uint32_t magnitude = bits & 0x7FFFFFFF;
  if (magnitude > 0x7F800000)
    return static_cast<uint16_t>(sign | 0x7E00 | ((magnitude >> 13) & 0x01FF));
  // 65520 and up round to infinity
  if (magnitude >= 0x477FF000) return static_cast<uint16_t>(sign | 0x7C00);
  if (magnitude < 0x38800000) {
    // The result is subnormal. Adding 0.5 rounds to a multiple of 2^-24 and leaves it in the low
    // bits.
    return static_cast<uint16_t>(sign | (bits_of(float_of(magnitude) + 0.5f) - 0x3F000000));
  }
  const uint32_t odd = (magnitude >> 13) & 1;
  return static_cast<uint16_t>(sign | ((magnitude - 0x38000000 + 0x0FFF + odd) >> 13));
}

}  // namespace
}  // namespace rhumb::kernels
