// Advanced SIMD, which every 64-bit ARM has. All loads are loads of bytes, because rows may start
// at any address.
#include <arm_neon.h>

#include "sdk/kernels/generic.h"

namespace rhumb::kernels {
namespace {

struct Neon {
  using Reg = float32x4_t;
  static constexpr uint32_t kLanes = 4;
  static constexpr int kRows = 4;

  static uint8x16_t load16(const void* p) { return vld1q_u8(static_cast<const uint8_t*>(p)); }
  static uint8x16_t load_first(const void* p, uint32_t n) {
    uint8_t bytes[16] = {};
    memcpy(bytes, p, n);
    return vld1q_u8(bytes);
  }

  static Reg zero() { return vdupq_n_f32(0); }
  static Reg load_f32(const char* p) { return vreinterpretq_f32_u8(load16(p)); }
  static Reg load_f32_tail(const char* p, uint32_t n) {
    return vreinterpretq_f32_u8(load_first(p, n * sizeof(float)));
  }
  static Reg load_f16(const char* p) {
    return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(reinterpret_cast<const uint8_t*>(p))));
  }
  static Reg load_f16_tail(const char* p, uint32_t n) {
    return vcvt_f32_f16(vreinterpret_f16_u8(vget_low_u8(load_first(p, n * sizeof(uint16_t)))));
  }
  static Reg fma(Reg a, Reg b, Reg c) { return vfmaq_f32(c, a, b); }
  static Reg sub(Reg a, Reg b) { return vsubq_f32(a, b); }
  static Reg add(Reg a, Reg b) { return vaddq_f32(a, b); }
  static Reg abs(Reg a) { return vabsq_f32(a); }
  static float sum(Reg a) { return vaddvq_f32(a); }

  // step(sum, x, y) takes sixteen bytes of each. The total stays below 2^32.
  template <typename Step>
  static uint64_t u8_sum(const uint8_t* a, const uint8_t* b, uint32_t n, Step step) {
    uint32x4_t sum0 = vdupq_n_u32(0), sum1 = sum0;
    uint32_t i = 0;
    for (; i + 32 <= n; i += 32) {
      sum0 = step(sum0, load16(a + i), load16(b + i));
      sum1 = step(sum1, load16(a + i + 16), load16(b + i + 16));
    }
    for (; i < n; i += 16) {
      const uint32_t rest = n - i < 16 ? n - i : 16;
      sum0 = step(sum0, load_first(a + i, rest), load_first(b + i, rest));
    }
    return vaddlvq_u32(sum0) + vaddlvq_u32(sum1);
  }
  static uint32x4_t add_products(uint32x4_t sum, uint8x16_t x, uint8x16_t y) {
    sum = vpadalq_u16(sum, vmull_u8(vget_low_u8(x), vget_low_u8(y)));
    return vpadalq_u16(sum, vmull_high_u8(x, y));
  }
  static uint64_t u8_product(const uint8_t* a, const uint8_t* b, uint32_t n) {
    return u8_sum(a, b, n, add_products);
  }
  static uint64_t u8_squared_difference(const uint8_t* a, const uint8_t* b, uint32_t n) {
    return u8_sum(a, b, n, [](uint32x4_t sum, uint8x16_t x, uint8x16_t y) {
      const uint8x16_t d = vabdq_u8(x, y);
      return add_products(sum, d, d);
    });
  }
  static uint64_t u8_absolute_difference(const uint8_t* a, const uint8_t* b, uint32_t n) {
    return u8_sum(a, b, n, [](uint32x4_t sum, uint8x16_t x, uint8x16_t y) {
      return vpadalq_u16(sum, vpaddlq_u8(vabdq_u8(x, y)));
    });
  }
  static uint64_t differing_bits(const char* a, const char* b, uint32_t n) {
    return u8_sum(reinterpret_cast<const uint8_t*>(a), reinterpret_cast<const uint8_t*>(b), n,
                  [](uint32x4_t sum, uint8x16_t x, uint8x16_t y) {
                    return vpadalq_u16(sum, vpaddlq_u8(vcntq_u8(veorq_u8(x, y))));
                  });
  }

  // No code is -128, so two products of codes fit 16 bits. Codes are padded to a multiple of
  // sixteen.
  static int32_t code_product(const int8_t* a, const int8_t* b, uint32_t n, int32_t) {
    int32x4_t sum = vdupq_n_s32(0);
    for (uint32_t i = 0; i < n; i += 16) {
      const int8x16_t x = vld1q_s8(a + i), y = vld1q_s8(b + i);
      const int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(y));
      sum = vpadalq_s16(sum, vmlal_high_s8(low, x, y));
    }
    return vaddvq_s32(sum);
  }
  static float code_absolute_difference(const int8_t* a, float scale_a, const int8_t* b,
                                        float scale_b, uint32_t n) {
    Reg sum0 = zero(), sum1 = zero();
    for (uint32_t i = 0; i < n; i += 8) {
      const int16x8_t x = vmovl_s8(vld1_s8(a + i)), y = vmovl_s8(vld1_s8(b + i));
      const auto apart = [&](int16x4_t p, int16x4_t q) {
        return abs(sub(vmulq_n_f32(vcvtq_f32_s32(vmovl_s16(p)), scale_a),
                       vmulq_n_f32(vcvtq_f32_s32(vmovl_s16(q)), scale_b)));
      };
      sum0 = add(sum0, apart(vget_low_s16(x), vget_low_s16(y)));
      sum1 = add(sum1, apart(vget_high_s16(x), vget_high_s16(y)));
    }
    return sum(add(sum0, sum1));
  }

  static void f32_to_f16(const float* in, uint16_t* out, uint64_t n) {
    for (uint64_t i = 0; i < n; i += kLanes) {
      const auto some = static_cast<uint32_t>(n - i < kLanes ? n - i : kLanes);
      const uint16x4_t h = vreinterpret_u16_f16(vcvt_f16_f32(
          vreinterpretq_f32_u8(load_first(in + i, some * static_cast<uint32_t>(sizeof(float))))));
      memcpy(out + i, &h, some * sizeof(uint16_t));
    }
  }
  static void f16_to_f32(const uint16_t* in, float* out, uint64_t n) {
    for (uint64_t i = 0; i < n; i += kLanes) {
      const auto some = static_cast<uint32_t>(n - i < kLanes ? n - i : kLanes);
      const Reg f = load_f16_tail(reinterpret_cast<const char*>(in + i), some);
      memcpy(out + i, &f, some * sizeof(float));
    }
  }
};

}  // namespace

constinit const Table kNeon = make_table<Neon>("neon");

}  // namespace rhumb::kernels
