// The kernels are written once over an instruction set `Isa`. Each instruction set compiles them in
// a translation unit of its own.
//
// Everything here has internal linkage, and the file includes no standard C++ header. Otherwise the
// linker could merge an inline function that was compiled with AVX-512 and its portable namesake,
// and the program would crash on older machines.
//
// Isa has float lanes (Reg, kLanes, load.., fma, sub, abs, add, sum), the integer kernels on bytes,
// and kRows, the number of rows that are scored side by side. Each row has kChains accumulators of
// its own, so `one`, `rows` and `slots` give the same bits for the same pair.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "sdk/kernels/half.h"
#include "sdk/kernels/table.h"

namespace rhumb::kernels {
namespace {

constexpr int kChains = 4;                // four hide the latency of a fused multiply-add
constexpr uint32_t kPrefetchBytes = 512;  // the hardware itself prefetches the rest of a row
constexpr uint32_t kPrefetchLine = 64;
constexpr float kLargest = 3.40282346638528859812e+38f;
// From this square of a code on, its rounding errors are at least kSquareSmall.
constexpr float kVanishing = 0x1p-80f;
// Between kSquareSmall and kSquareLarge, a square is written as it is.
constexpr float kSquareSmall = 0x1p-102f, kSquareLarge = 0x1p106f;

// ---- the terms of the sums ----------------------------------------------------------------------

template <typename Isa>
struct Product {
  static typename Isa::Reg step(typename Isa::Reg a, typename Isa::Reg b, typename Isa::Reg sum) {
    return Isa::fma(a, b, sum);
  }
};
template <typename Isa>
struct SquaredDifference {
  static typename Isa::Reg step(typename Isa::Reg a, typename Isa::Reg b, typename Isa::Reg sum) {
    const auto d = Isa::sub(a, b);
    return Isa::fma(d, d, sum);
  }
};
template <typename Isa>
struct AbsoluteDifference {
  static typename Isa::Reg step(typename Isa::Reg a, typename Isa::Reg b, typename Isa::Reg sum) {
    return Isa::add(sum, Isa::abs(Isa::sub(a, b)));
  }
};

// The sum that a metric needs.
template <typename Isa, uint32_t kMetric>
struct SumOf {
  using Type = Product<Isa>;
};
template <typename Isa>
struct SumOf<Isa, RHUMB_EUCLID> {
  using Type = SquaredDifference<Isa>;
};
template <typename Isa>
struct SumOf<Isa, RHUMB_MANHATTAN> {
  using Type = AbsoluteDifference<Isa>;
};

// Reads one component, without lanes.
struct FromF32Tag {};
struct FromF16Tag {};
template <typename Isa>
struct FromF32 {
  using Tag = FromF32Tag;
  static constexpr uint32_t kBytes = 4;
  static typename Isa::Reg load(const char* p) { return Isa::load_f32(p); }
  static typename Isa::Reg load_tail(const char* p, uint32_t n) { return Isa::load_f32_tail(p, n); }
};
template <typename Isa>
struct FromF16 {
  using Tag = FromF16Tag;
  static constexpr uint32_t kBytes = 2;
  static typename Isa::Reg load(const char* p) { return Isa::load_f16(p); }
  static typename Isa::Reg load_tail(const char* p, uint32_t n) { return Isa::load_f16_tail(p, n); }
};

// Sets sums[r] to the sum of Op over the query and rows[r].
template <typename Isa, typename From, typename Op, int R>
inline void accumulate(const char* query, const char* const* rows, uint32_t dim, float* sums) {
  using Reg = typename Isa::Reg;
  constexpr uint32_t kLanes = Isa::kLanes;
  Reg acc[R][kChains];
  for (int r = 0; r < R; ++r) {
    for (int c = 0; c < kChains; ++c) acc[r][c] = Isa::zero();
  }
  uint32_t i = 0;
  for (; i + kLanes * kChains <= dim; i += kLanes * kChains) {
    for (int c = 0; c < kChains; ++c) {
      const uint64_t at = uint64_t{i + static_cast<uint32_t>(c) * kLanes} * From::kBytes;
      const Reg q = From::load(query + at);
      for (int r = 0; r < R; ++r) acc[r][c] = Op::step(q, From::load(rows[r] + at), acc[r][c]);
    }
  }
  for (; i + kLanes <= dim; i += kLanes) {
    const uint64_t at = uint64_t{i} * From::kBytes;
    const Reg q = From::load(query + at);
    for (int r = 0; r < R; ++r) acc[r][0] = Op::step(q, From::load(rows[r] + at), acc[r][0]);
  }
  if (i < dim) {
    const uint64_t at = uint64_t{i} * From::kBytes;
    const Reg q = From::load_tail(query + at, dim - i);
    for (int r = 0; r < R; ++r)
      acc[r][1] = Op::step(q, From::load_tail(rows[r] + at, dim - i), acc[r][1]);
  }
  for (int r = 0; r < R; ++r)
    sums[r] = Isa::sum(Isa::add(Isa::add(acc[r][0], acc[r][1]), Isa::add(acc[r][2], acc[r][3])));
}

// ---- sums that float32 cannot hold ------------------------------------------------------------

// Returns the distance for a sum that was computed in double.
template <uint32_t kMetric>
inline float wide_distance(double sum) {
  if (kMetric == RHUMB_EUCLID) return rhumb_square_encode(sum);
  return rhumb_finite_f32(kMetric == RHUMB_COSINE ? 1.0 - sum : kMetric == RHUMB_DOT ? -sum : sum);
}

template <uint32_t kMetric>
inline double wide_term(double x, double y) {
  return kMetric == RHUMB_EUCLID      ? (x - y) * (x - y)
         : kMetric == RHUMB_MANHATTAN ? fabs(x - y)
                                      : x * y;
}

inline double wide_value(FromF32Tag, const char* row, uint32_t i) {
  float value;
  memcpy(&value, row + uint64_t{i} * sizeof value, sizeof value);
  return value;
}
inline double wide_value(FromF16Tag, const char* row, uint32_t i) {
  uint16_t value;
  memcpy(&value, row + uint64_t{i} * sizeof value, sizeof value);
  return half_to_float(value);
}

// Computes in double, where sums of float32 products neither overflow nor vanish. This is rare, so
// a plain loop is enough.
template <uint32_t kMetric, typename Tag>
[[gnu::noinline]] float sum_wide(const char* a, const char* b, uint32_t dim) {
  double sum = 0;
  for (uint32_t i = 0; i < dim; ++i)
    sum += wide_term<kMetric>(wide_value(Tag{}, a, i), wide_value(Tag{}, b, i));
  return wide_distance<kMetric>(sum);
}

// ---- distances: block<R>() scores R rows against the query ------------------------------------
//
// ordinary() says whether a distance of block() is right as it is. settled() computes the distance
// if it is not.

template <typename Isa, typename From, uint32_t kMetric>
struct FloatDistance {
  using Op = typename SumOf<Isa, kMetric>::Type;
  static constexpr bool kAlwaysOrdinary = false;
  // A square that is very small or very large must be encoded (rhumb_square_encode). A NaN lies in
  // no range, so it is not ordinary either.
  static bool ordinary(float distance) {
    // There is no branch, so that it becomes vector code.
    if (kMetric == RHUMB_EUCLID) return (distance >= kSquareSmall) & (distance < kSquareLarge);
    return __builtin_fabsf(distance) <= kLargest;
  }
  static float settled(const char* a, const char* b, uint32_t dim, float distance) {
    // Two equal rows are the usual case here.
    const bool same = kMetric == RHUMB_EUCLID && distance == 0 && memcmp(a, b, bytes(dim)) == 0;
    return same ? 0.0f : sum_wide<kMetric, typename From::Tag>(a, b, dim);
  }
  static uint64_t bytes(uint32_t dim) { return uint64_t{dim} * From::kBytes; }
  template <int R>
  static void block(const char* query, const char* const* rows, uint32_t dim, float* out) {
    accumulate<Isa, From, Op, R>(query, rows, dim, out);
    for (int r = 0; r < R; ++r)
      out[r] = kMetric == RHUMB_COSINE ? 1.0f - out[r] : kMetric == RHUMB_DOT ? -out[r] : out[r];
  }
};

// Returns 1 - product / sqrt(squares). A vector without a direction is as far as one at a right
// angle.
inline float cosine_distance(double product, double squares) {
  return squares > 0 ? static_cast<float>(1.0 - product / sqrt(squares)) : 1.0f;
}

template <typename Isa, uint32_t kMetric>
struct ByteDistance {
  static constexpr bool kAlwaysOrdinary = true;
  static uint64_t bytes(uint32_t dim) { return dim; }
  static float one(const char* a, const char* b, uint32_t n) {
    const auto* x = reinterpret_cast<const uint8_t*>(a);
    const auto* y = reinterpret_cast<const uint8_t*>(b);
    if (kMetric == RHUMB_EUCLID) return static_cast<float>(Isa::u8_squared_difference(x, y, n));
    if (kMetric == RHUMB_MANHATTAN) return static_cast<float>(Isa::u8_absolute_difference(x, y, n));
    const auto product = static_cast<double>(Isa::u8_product(x, y, n));
    if (kMetric == RHUMB_DOT) return static_cast<float>(-product);
    return cosine_distance(product, static_cast<double>(Isa::u8_product(x, x, n)) *
                                        static_cast<double>(Isa::u8_product(y, y, n)));
  }
  template <int R>
  static void block(const char* query, const char* const* rows, uint32_t dim, float* out) {
    for (int r = 0; r < R; ++r) out[r] = one(query, rows[r], dim);
  }
};

template <typename Isa>
struct BitDistance {
  static constexpr bool kAlwaysOrdinary = true;
  static uint64_t bytes(uint32_t dim) { return (uint64_t{dim} + 7) / 8; }
  template <int R>
  static void block(const char* query, const char* const* rows, uint32_t dim, float* out) {
    for (int r = 0; r < R; ++r)
      out[r] = static_cast<float>(Isa::differing_bits(query, rows[r], (dim + 7) / 8));
  }
};

template <typename Isa, uint32_t kMetric>
struct CodeDistance {
  static constexpr bool kAlwaysOrdinary = false;
  static bool ordinary(float distance) {
    if (kMetric == RHUMB_EUCLID) return (distance >= kSquareSmall) & (distance < kSquareLarge);
    return __builtin_fabsf(distance) <= kLargest;
  }
  // Uses the codes alone, because the square in the head may be beyond float32 or vanish in it.
  [[gnu::noinline]] static float settled(const char* a, const char* b, uint32_t dim,
                                         float distance) {
    rhumb_code_head_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    // the codes are close, so the distance is 0
    if (distance == 0 && x.square >= kVanishing) return 0;
    const auto* p = reinterpret_cast<const int8_t*>(a + kCodeHeadBytes);
    const auto* q = reinterpret_cast<const int8_t*>(b + kCodeHeadBytes);
    double sum = 0;
    for (uint32_t i = 0; i < dim; ++i)
      sum += wide_term<kMetric>(double{x.scale} * p[i], double{y.scale} * q[i]);
    return wide_distance<kMetric>(sum);
  }
  static uint32_t padded(uint32_t dim) { return (dim + 15) / 16 * 16; }
  static uint64_t bytes(uint32_t dim) { return kCodeHeadBytes + padded(dim); }
  static float one(const char* a, const char* b, uint32_t dim) {
    rhumb_code_head_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    const auto* p = reinterpret_cast<const int8_t*>(a + kCodeHeadBytes);
    const auto* q = reinterpret_cast<const int8_t*>(b + kCodeHeadBytes);
    if (kMetric == RHUMB_MANHATTAN)
      return Isa::code_absolute_difference(p, x.scale, q, y.scale, padded(dim));
    const double product =
        static_cast<double>(Isa::code_product(p, q, padded(dim), y.sum)) * x.scale * y.scale;
    if (kMetric == RHUMB_DOT) return static_cast<float>(-product);
    if (kMetric == RHUMB_COSINE) return cosine_distance(product, double{x.square} * y.square);
    const double squared = double{x.square} + y.square - 2 * product;
    return squared < 0 ? 0.0f : static_cast<float>(squared);  // rounding may give a negative square
  }
  template <int R>
  static void block(const char* query, const char* const* rows, uint32_t dim, float* out) {
    for (int r = 0; r < R; ++r) out[r] = one(query, rows[r], dim);
  }
};

// ---- one to one, one to rows, one to slots ----------------------------------------------------

template <typename Isa, typename Distance>
struct Entry {
  static float one(const void* a, const void* b, uint32_t dim) {
    const char* row = static_cast<const char*>(b);
    float out;
    Distance::template block<1>(static_cast<const char*>(a), &row, dim, &out);
    settle(static_cast<const char*>(a), dim, 1, &out, [row](uint64_t) { return row; });
    return out;
  }

  static void rows(const void* query, const void* first, uint64_t stride, uint64_t n, uint32_t dim,
                   float* out) {
    const char* q = static_cast<const char*>(query);
    const char* row = static_cast<const char*>(first);
    uint64_t i = 0;
    for (; i + Isa::kRows <= n; i += Isa::kRows) {
      const char* block[Isa::kRows];
      for (int r = 0; r < Isa::kRows; ++r) block[r] = row + (i + static_cast<uint64_t>(r)) * stride;
      Distance::template block<Isa::kRows>(q, block, dim, out + i);
    }
    for (; i < n; ++i) {
      const char* last = row + i * stride;
      Distance::template block<1>(q, &last, dim, out + i);
    }
    settle(q, dim, n, out, [row, stride](uint64_t at) { return row + at * stride; });
  }

  static void slots(const void* query, const rhumb_vectors_t* column, const uint32_t* slots,
                    uint64_t n, float* out) {
    const char* q = static_cast<const char*>(query);
    const uint32_t dim = column->dim;
    const uint64_t bytes = Distance::bytes(dim);
    const uint64_t ahead = bytes < kPrefetchBytes ? bytes : kPrefetchBytes;
    uint64_t i = 0, fetched = 0;
    for (; i + Isa::kRows <= n; i += Isa::kRows) {
      for (; fetched < n && fetched < i + 3 * Isa::kRows; ++fetched)
        fetch(address(*column, slots[fetched]), ahead);
      const char* block[Isa::kRows];
      for (int r = 0; r < Isa::kRows; ++r)
        block[r] = address(*column, slots[i + static_cast<uint64_t>(r)]);
      Distance::template block<Isa::kRows>(q, block, dim, out + i);
    }
    for (; i < n; ++i) {
      const char* last = address(*column, slots[i]);
      Distance::template block<1>(q, &last, dim, out + i);
    }
    settle(q, dim, n, out, [column, slots](uint64_t at) { return address(*column, slots[at]); });
  }

 private:
  // Every answer must be a number that has an order. One pass over all of them is cheaper than a
  // test of each.
  template <typename RowAt>
  static void settle(const char* query, uint32_t dim, uint64_t n, float* out, RowAt row_at) {
    if constexpr (!Distance::kAlwaysOrdinary) {
      uint32_t strange = 0;
      for (uint64_t i = 0; i < n; ++i) strange |= Distance::ordinary(out[i]) ? 0u : 1u;
      for (uint64_t i = 0; strange != 0 && i < n; ++i) {
        if (!Distance::ordinary(out[i])) out[i] = Distance::settled(query, row_at(i), dim, out[i]);
      }
    }
  }

  static const char* address(const rhumb_vectors_t& column, uint32_t slot) {
    const uint32_t in_chunk = slot & ((1u << column.chunk_shift) - 1);
    return static_cast<const char*>(column.chunks[slot >> column.chunk_shift]) +
           in_chunk * column.stride;
  }
  static void fetch(const char* row, uint64_t bytes) {
    for (uint64_t at = 0; at < bytes; at += kPrefetchLine) __builtin_prefetch(row + at);
  }
};

template <typename Isa, typename Distance>
constexpr rhumb_kernel_t kernel(uint32_t metric, uint32_t scalar) {
  return {metric, scalar, Entry<Isa, Distance>::one, Entry<Isa, Distance>::rows,
          Entry<Isa, Distance>::slots};
}

template <typename Isa, uint32_t kMetric>
constexpr void fill(Table& table) {
  constexpr uint32_t m = kMetric - RHUMB_COSINE;
  table.kernels[0][m] = kernel<Isa, FloatDistance<Isa, FromF32<Isa>, kMetric>>(kMetric, RHUMB_F32);
  table.kernels[1][m] = kernel<Isa, FloatDistance<Isa, FromF16<Isa>, kMetric>>(kMetric, RHUMB_F16);
  table.kernels[2][m] = kernel<Isa, ByteDistance<Isa, kMetric>>(kMetric, RHUMB_U8);
  table.kernels[3][m] = kernel<Isa, CodeDistance<Isa, kMetric>>(kMetric, RHUMB_CODE8);
}

template <typename Isa>
constexpr Table make_table(const char* name) {
  Table table{};
  table.name = name;
  fill<Isa, RHUMB_COSINE>(table);
  fill<Isa, RHUMB_DOT>(table);
  fill<Isa, RHUMB_EUCLID>(table);
  fill<Isa, RHUMB_MANHATTAN>(table);
  table.hamming = kernel<Isa, BitDistance<Isa>>(RHUMB_HAMMING, RHUMB_BIT);
  table.f32_to_f16 = Isa::f32_to_f16;
  table.f16_to_f32 = Isa::f16_to_f32;
  return table;
}

}  // namespace
}  // namespace rhumb::kernels
