// Functions of single vectors: sizes, normalisation, checks and encoding. Every machine runs the
// same form. It has no fused multiply-adds and a fixed order of sums, so that the bits of a result
// do not depend on the machine.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "rhumb/kernels.h"

namespace {

constexpr uint32_t kSumLanes = 8;
constexpr uint32_t kCodeBlock = 16;
constexpr uint32_t kDecodeChunk = 256;  // the components that are decoded to f32 at a time
constexpr float kCodeMax = 127.0f;
constexpr float kCodeTiny = 0x1p-100f, kCodeRaise = 0x1p100f;
// 1.5 * 2^23: adding it rounds to an integer, ties to even
constexpr float kRoundingBias = 12582912.0f;

// Squares below kSquareSmall and from kSquareLarge on are encoded. The encoding spreads them
// evenly, by exponent, over the numbers that float32 has left there.
constexpr double kSquareLarge = 0x1p106, kSquareSmall = 0x1p-102;
constexpr double kSquareLeast = 0x1p-298;  // the square of the smallest float32
constexpr uint32_t kSquareShift = 32;      // keeps 20 bits of the mantissa of a double
constexpr uint64_t kSquareHalf = uint64_t{1} << (kSquareShift - 1);

// Returns the number of steps of the encoding between two squares.
uint64_t square_steps(double from, double to) {
  return (std::bit_cast<uint64_t>(to) - std::bit_cast<uint64_t>(from) + kSquareHalf) >>
         kSquareShift;
}
double square_after(double from, uint64_t steps) {
  return std::bit_cast<double>(std::bit_cast<uint64_t>(from) + (steps << kSquareShift));
}

uint64_t code_bytes(uint32_t dim) {
  return sizeof(rhumb_code_head_t) + (uint64_t{dim} + kCodeBlock - 1) / kCodeBlock * kCodeBlock;
}

// Computes in double, where squares of floats neither overflow nor vanish.
double square(const float* v, uint32_t n) {
  double lanes[kSumLanes] = {};
  uint32_t i = 0;
  for (; i + kSumLanes <= n; i += kSumLanes) {
    for (uint32_t k = 0; k < kSumLanes; ++k) lanes[k] += double{v[i + k]} * double{v[i + k]};
  }
  for (; i < n; ++i) lanes[0] += double{v[i]} * double{v[i]};
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) +
         ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

// It uses lanes and conditional expressions in place of std::max. Compilers turn them into vector
// code without another order of operations.
float largest(const float* v, uint32_t n) {
  float lanes[kSumLanes] = {};
  uint32_t i = 0;
  for (; i + kSumLanes <= n; i += kSumLanes) {
    for (uint32_t k = 0; k < kSumLanes; ++k) {
      const float a = std::fabs(v[i + k]);
      lanes[k] = lanes[k] < a ? a : lanes[k];
    }
  }
  for (; i < n; ++i) lanes[0] = std::max(lanes[0], std::fabs(v[i]));
  return *std::max_element(lanes, lanes + kSumLanes);
}

// Rounds v * inverse to codes and returns the sum of the codes.
int32_t round_to_codes(const float* v, uint32_t n, float inverse, int8_t* codes) {
  int32_t sum = 0;
  for (uint32_t i = 0; i < n; ++i) {
    const float scaled = v[i] * inverse;
    const float above = scaled < -kCodeMax ? -kCodeMax : scaled;
    const float bounded = kCodeMax < above ? kCodeMax : above;
    const auto code = static_cast<int32_t>((bounded + kRoundingBias) - kRoundingBias);
    sum += code;
    codes[i] = static_cast<int8_t>(code);
  }
  return sum;
}

void decode(const void* vector, uint32_t scalar, uint32_t first, uint32_t n, float* out) {
  if (scalar == RHUMB_F32) {
    std::memcpy(out, static_cast<const char*>(vector) + uint64_t{first} * sizeof(float),
                n * sizeof(float));
  } else if (scalar == RHUMB_F16) {
    uint16_t halves[kDecodeChunk];
    std::memcpy(halves, static_cast<const char*>(vector) + uint64_t{first} * sizeof(uint16_t),
                n * sizeof(uint16_t));
    rhumb_f16_to_f32(halves, out, n);
  } else {
    const uint8_t* bytes = static_cast<const uint8_t*>(vector) + first;
    for (uint32_t i = 0; i < n; ++i) out[i] = bytes[i];
  }
}

// Calls body(first, components, n) for each chunk.
template <typename Body>
void for_chunks(const void* vector, uint32_t scalar, uint32_t dim, Body body) {
  float chunk[kDecodeChunk];
  for (uint32_t first = 0; first < dim; first += kDecodeChunk) {
    const uint32_t n = std::min(kDecodeChunk, dim - first);
    decode(vector, scalar, first, n, chunk);
    body(first, chunk, n);
  }
}

}  // namespace

uint64_t rhumb_vector_bytes(uint32_t scalar, uint32_t dim) {
  switch (scalar) {
    case RHUMB_F32:
      return uint64_t{dim} * 4;
    case RHUMB_F16:
      return uint64_t{dim} * 2;
    case RHUMB_U8:
      return dim;
    case RHUMB_BIT:
      return (uint64_t{dim} + 7) / 8;
    case RHUMB_CODE8:
      return code_bytes(dim);
    default:
      return 0;
  }
}

float rhumb_normalise_f32(float* vector, uint32_t dim) {
  const double length = std::sqrt(square(vector, dim));
  if (length == 0) return 0;
  const double inverse = 1.0 / length;
  for (uint32_t i = 0; i < dim; ++i) vector[i] = static_cast<float>(double{vector[i]} * inverse);
  return static_cast<float>(length);
}

float rhumb_finite_f32(double value) {
  constexpr double kMost = std::numeric_limits<float>::max();
  const double bounded = value < kMost ? value : kMost;  // the comparison is false for a NaN
  return static_cast<float>(bounded > -kMost ? bounded : -kMost);
}

float rhumb_square_encode(double square) {
  if (square >= kSquareSmall && square < kSquareLarge) return static_cast<float>(square);
  if (square <= 0) return 0;
  if (square < kSquareSmall) {
    return std::bit_cast<float>(
        static_cast<uint32_t>(1 + square_steps(kSquareLeast, std::max(square, kSquareLeast))));
  }
  const uint64_t last = std::bit_cast<uint32_t>(std::numeric_limits<float>::max());
  const uint64_t first = std::bit_cast<uint32_t>(static_cast<float>(kSquareLarge));
  if (!std::isfinite(square)) return std::numeric_limits<float>::max();
  return std::bit_cast<float>(
      static_cast<uint32_t>(std::min(last, first + square_steps(kSquareLarge, square))));
}

double rhumb_square_decode(float distance) {
  if (distance >= static_cast<float>(kSquareSmall) && distance < static_cast<float>(kSquareLarge))
    return double{distance};
  if (distance <= 0) return 0;
  const uint64_t bits = std::bit_cast<uint32_t>(distance);
  if (distance < static_cast<float>(kSquareSmall)) return square_after(kSquareLeast, bits - 1);
  const uint64_t last = std::bit_cast<uint32_t>(std::numeric_limits<float>::max());
  const uint64_t first = std::bit_cast<uint32_t>(static_cast<float>(kSquareLarge));
  if (distance != distance || bits > last) return square_after(kSquareLarge, last - first);
  return square_after(kSquareLarge, bits - first);
}

uint32_t rhumb_all_finite(const void* components, uint32_t scalar, uint64_t n) {
  // There is no early exit. Nearly all vectors are good, and the plain loop becomes vector code.
  uint32_t bad = 0;
  if (scalar == RHUMB_F32) {
    for (uint64_t i = 0; i < n; ++i) {
      uint32_t bits = 0;
      std::memcpy(&bits, static_cast<const char*>(components) + i * sizeof bits, sizeof bits);
      bad |= (bits & 0x7F800000u) == 0x7F800000u ? 1u : 0u;
    }
  } else if (scalar == RHUMB_F16) {
    for (uint64_t i = 0; i < n; ++i) {
      uint16_t bits = 0;
      std::memcpy(&bits, static_cast<const char*>(components) + i * sizeof bits, sizeof bits);
      bad |= (bits & 0x7C00u) == 0x7C00u ? 1u : 0u;
    }
  }
  return bad == 0 ? 1 : 0;
}

rhumb_status_t rhumb_code_encode(const void* vector, uint32_t scalar, uint32_t dim,
                                 void* code_out) {
  if (scalar != RHUMB_F32 && scalar != RHUMB_F16 && scalar != RHUMB_U8) return RHUMB_UNSUPPORTED;
  float most = 0;
  double squared = 0;
  for_chunks(vector, scalar, dim, [&](uint32_t, const float* v, uint32_t n) {
    most = std::max(most, largest(v, n));
    squared += square(v, n);
  });
  rhumb_code_head_t head{most / kCodeMax, static_cast<float>(squared), 0, 0};
  // The inverse of a very small scale is beyond float32, so small components are scaled up first.
  const float raise = most < kCodeTiny ? kCodeRaise : 1.0f;
  const float inverse = head.scale > 0 ? 1.0f / (head.scale * raise) : 0;
  int8_t* codes = static_cast<int8_t*>(code_out) + sizeof head;
  for_chunks(vector, scalar, dim, [&](uint32_t first, const float* v, uint32_t n) {
    float raised[kDecodeChunk];
    for (uint32_t i = 0; raise != 1.0f && i < n; ++i) raised[i] = v[i] * raise;
    head.sum += round_to_codes(raise != 1.0f ? raised : v, n, inverse, codes + first);
  });
  std::memset(codes + dim, 0, code_bytes(dim) - sizeof head - dim);
  std::memcpy(code_out, &head, sizeof head);
  return RHUMB_OK;
}
