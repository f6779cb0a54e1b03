// Kernels for 64-bit ARM. They are compiled once for every such machine (kernels_neon.cc) and once
// with the dot products of ARMv8.2 (kernels_neon_dot.cc).
#pragma once

#include <arm_neon.h>

#include "codes/kernels_generic.h"

namespace rhumb::coded {
namespace {

struct Neon : Generic<Neon> {
  static constexpr int kRows = 4;

  static uint8x16_t load(const void* p) { return vld1q_u8(static_cast<const uint8_t*>(p)); }
  static uint32x4_t add_squares(uint32x4_t sum, uint8x16_t d) {
#if defined(__ARM_FEATURE_DOTPROD)
    return vdotq_u32(sum, d, d);
#else
    sum = vpadalq_u16(sum, vmull_u8(vget_low_u8(d), vget_low_u8(d)));
    return vpadalq_u16(sum, vmull_high_u8(d, d));
#endif
  }
  static uint32x4_t add_bytes(uint32x4_t sum, uint8x16_t d) {
#if defined(__ARM_FEATURE_DOTPROD)
    return vdotq_u32(sum, d, vdupq_n_u8(1));
#else
    return vpadalq_u16(sum, vpaddlq_u8(d));
#endif
  }
  // Sets out[r] by applying `add` to the differences between the query and row r.
  template <int R, typename Add>
  static void differences(const uint8_t* q, const char* const* rows, uint32_t bytes, uint32_t* out,
                          Add add) {
    uint32x4_t sum[R];
    for (int r = 0; r < R; ++r) sum[r] = vdupq_n_u32(0);
    for (uint32_t i = 0; i < bytes; i += 16) {
      const uint8x16_t a = load(q + i);
      for (int r = 0; r < R; ++r) sum[r] = add(sum[r], vabdq_u8(a, load(rows[r] + i)));
    }
    for (int r = 0; r < R; ++r) out[r] = vaddvq_u32(sum[r]);
  }
  template <int R>
  static void squared_block(const uint8_t* q, const char* const* rows, uint32_t bytes,
                            uint32_t* out) {
    differences<R>(q, rows, bytes, out,
                   [](uint32x4_t sum, uint8x16_t d) { return add_squares(sum, d); });
  }
  template <int R>
  static void absolute_block(const uint8_t* q, const char* const* rows, uint32_t bytes,
                             uint32_t* out) {
    differences<R>(q, rows, bytes, out,
                   [](uint32x4_t sum, uint8x16_t d) { return add_bytes(sum, d); });
  }
  // The same for 4-bit codes.
  template <int R, typename Add>
  static void differences4(const uint8_t* q, const uint8_t* levels, const char* const* rows,
                           uint32_t bytes, uint32_t* out, Add add) {
    const uint8x16_t lut = load(levels);
    uint32x4_t sum[R];
    for (int r = 0; r < R; ++r) sum[r] = vdupq_n_u32(0);
    for (uint32_t i = 0; i < bytes; i += 16) {
      // Components of the low nibbles; those of the high nibbles are 32 further on.
      const uint8_t* const at = q + 2 * i - i % kNibbleGroup;
      const uint8x16_t a = load(at), b = load(at + kNibbleGroup);
      for (int r = 0; r < R; ++r) {
        const uint8x16_t two = load(rows[r] + i);
        sum[r] = add(sum[r], vabdq_u8(a, vqtbl1q_u8(lut, vandq_u8(two, vdupq_n_u8(15)))));
        sum[r] = add(sum[r], vabdq_u8(b, vqtbl1q_u8(lut, vshrq_n_u8(two, 4))));
      }
    }
    for (int r = 0; r < R; ++r) out[r] = vaddvq_u32(sum[r]);
  }
  template <int R>
  static void squared4_block(const uint8_t* q, const uint8_t* levels, const char* const* rows,
                             uint32_t bytes, uint32_t* out) {
    differences4<R>(q, levels, rows, bytes, out,
                    [](uint32x4_t sum, uint8x16_t d) { return add_squares(sum, d); });
  }
  template <int R>
  static void absolute4_block(const uint8_t* q, const uint8_t* levels, const char* const* rows,
                              uint32_t bytes, uint32_t* out) {
    differences4<R>(q, levels, rows, bytes, out,
                    [](uint32x4_t sum, uint8x16_t d) { return add_bytes(sum, d); });
  }
  template <int R>
  static void differing_block(const char* q, const char* const* rows, uint32_t bytes,
                              uint32_t* out) {
    uint32x4_t sum[R];
    for (int r = 0; r < R; ++r) sum[r] = vdupq_n_u32(0);
    for (uint32_t i = 0; i < bytes; i += 16) {
      const uint8x16_t a = load(q + i);
      for (int r = 0; r < R; ++r)
        sum[r] = add_bytes(sum[r], vcntq_u8(veorq_u8(a, load(rows[r] + i))));
    }
    for (int r = 0; r < R; ++r) out[r] = vaddvq_u32(sum[r]);
  }
  template <int R>
  static void matches_block(const char* planes, const char* const* rows, uint32_t bytes,
                            uint32_t* out) {
    uint32x4_t sum[R][kQueryPlanes];
    for (int r = 0; r < R; ++r) {
      for (uint32_t p = 0; p < kQueryPlanes; ++p) sum[r][p] = vdupq_n_u32(0);
    }
    for (uint32_t i = 0; i < bytes; i += 16) {
      uint8x16_t plane[kQueryPlanes];
      for (uint32_t p = 0; p < kQueryPlanes; ++p) plane[p] = load(planes + p * bytes + i);
      for (int r = 0; r < R; ++r) {
        const uint8x16_t row = load(rows[r] + i);
        for (uint32_t p = 0; p < kQueryPlanes; ++p)
          sum[r][p] = add_bytes(sum[r][p], vcntq_u8(vandq_u8(row, plane[p])));
      }
    }
    for (int r = 0; r < R; ++r) {
      out[r] = 0;
      for (uint32_t p = 0; p < kQueryPlanes; ++p) out[r] += vaddvq_u32(sum[r][p]) << p;
    }
  }
  static void hadamard(float* x, uint32_t n, uint32_t block) {
    const float32x4_t odd = {1, -1, 1, -1}, upper = {1, 1, -1, -1};
    for (float* b = x; b < x + n; b += block) {
      // The two stages inside a register. A product by one or minus one is exact.
      for (uint32_t i = 0; i < block; i += 4) {
        float32x4_t v = vld1q_f32(b + i);
        v = vfmaq_f32(vrev64q_f32(v), v, odd);
        v = vfmaq_f32(vextq_f32(v, v, 2), v, upper);
        vst1q_f32(b + i, v);
      }
      for (uint32_t h = 4; h < block; h *= 2) {
        for (uint32_t i = 0; i < block; i += 2 * h) {
          for (uint32_t j = i; j < i + h; j += 4) {
            const float32x4_t low = vld1q_f32(b + j), high = vld1q_f32(b + j + h);
            vst1q_f32(b + j, vaddq_f32(low, high));
            vst1q_f32(b + j + h, vsubq_f32(low, high));
          }
        }
      }
    }
  }
};

}  // namespace
}  // namespace rhumb::coded
