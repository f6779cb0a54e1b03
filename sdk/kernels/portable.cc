// Plain C++ with the vector extension of the compilers. It has four lanes, which every machine that
// we build for has in some form.
#include "sdk/kernels/generic.h"

namespace rhumb::kernels {
namespace {

struct Portable {
  typedef float Reg __attribute__((vector_size(16)));
  static constexpr uint32_t kLanes = 4;
  static constexpr int kRows = 2;

  static Reg zero() { return Reg{0, 0, 0, 0}; }
  static Reg load_f32(const char* p) {
    Reg r;
    memcpy(&r, p, sizeof r);
    return r;
  }
  static Reg load_f32_tail(const char* p, uint32_t n) {
    Reg r = zero();
    memcpy(&r, p, n * sizeof(float));
    return r;
  }
  static Reg load_f16(const char* p) { return load_f16_tail(p, kLanes); }
  static Reg load_f16_tail(const char* p, uint32_t n) {
    uint16_t h[kLanes] = {};
    memcpy(h, p, n * sizeof(uint16_t));
    return Reg{half_to_float(h[0]), half_to_float(h[1]), half_to_float(h[2]), half_to_float(h[3])};
  }
  static Reg fma(Reg a, Reg b, Reg c) { return a * b + c; }
  static Reg sub(Reg a, Reg b) { return a - b; }
  static Reg add(Reg a, Reg b) { return a + b; }
  static Reg abs(Reg a) {
    for (uint32_t i = 0; i < kLanes; ++i) a[i] = __builtin_fabsf(a[i]);
    return a;
  }
  static float sum(Reg a) { return (a[0] + a[2]) + (a[1] + a[3]); }

  // 65,536 products of bytes stay below 2^32.
  static uint64_t u8_product(const uint8_t* a, const uint8_t* b, uint32_t n) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; ++i) sum += uint32_t{a[i]} * b[i];
    return sum;
  }
  static uint64_t u8_squared_difference(const uint8_t* a, const uint8_t* b, uint32_t n) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; ++i) {
      const int32_t d = int32_t{a[i]} - b[i];
      sum += static_cast<uint32_t>(d * d);
    }
    return sum;
  }
  static uint64_t u8_absolute_difference(const uint8_t* a, const uint8_t* b, uint32_t n) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; ++i)
      sum += static_cast<uint32_t>(a[i] > b[i] ? a[i] - b[i] : b[i] - a[i]);
    return sum;
  }
  static uint64_t differing_bits(const char* a, const char* b, uint32_t n) {
    uint64_t sum = 0;
    for (; n > 0;) {
      const uint32_t step = n < 8 ? n : 8;
      uint64_t x = 0, y = 0;
      memcpy(&x, a, step);
      memcpy(&y, b, step);
      sum += static_cast<uint64_t>(__builtin_popcountll(x ^ y));
      a += step;
      b += step;
      n -= step;
    }
    return sum;
  }
  static int32_t code_product(const int8_t* a, const int8_t* b, uint32_t n, int32_t) {
    int32_t sum = 0;
    for (uint32_t i = 0; i < n; ++i) sum += int32_t{a[i]} * b[i];
    return sum;
  }
  static float code_absolute_difference(const int8_t* a, float scale_a, const int8_t* b,
                                        float scale_b, uint32_t n) {
    Reg total = zero();
    for (uint32_t i = 0; i < n; i += kLanes) {
      Reg x, y;
      for (uint32_t k = 0; k < kLanes; ++k) {
        x[k] = a[i + k];
        y[k] = b[i + k];
      }
      total = total + abs(x * scale_a - y * scale_b);
    }
    return sum(total);
  }

  static void f32_to_f16(const float* in, uint16_t* out, uint64_t n) {
    for (uint64_t i = 0; i < n; ++i) out[i] = float_to_half(in[i]);
  }
  static void f16_to_f32(const uint16_t* in, float* out, uint64_t n) {
    for (uint64_t i = 0; i < n; ++i) out[i] = half_to_float(in[i]);
  }
};

}  // namespace

constinit const Table kPortable = make_table<Portable>("portable");

}  // namespace rhumb::kernels
