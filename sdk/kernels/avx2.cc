// AVX2 with FMA, F16C and POPCNT, for Haswell, Zen and later.
#include <immintrin.h>

#include "sdk/kernels/generic.h"

namespace rhumb::kernels {
namespace {

struct Avx2 {
  using Reg = __m256;
  static constexpr uint32_t kLanes = 8;
  static constexpr int kRows = 2;  // two rows with four chains each fit sixteen registers

  static Reg zero() { return _mm256_setzero_ps(); }
  static Reg load_f32(const char* p) { return _mm256_loadu_ps(reinterpret_cast<const float*>(p)); }
  static Reg load_f32_tail(const char* p, uint32_t n) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_maskload_ps(reinterpret_cast<const float*>(p),
                              _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lane));
  }
  static Reg load_f16(const char* p) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static Reg load_f16_tail(const char* p, uint32_t n) {
    uint16_t h[kLanes] = {};
    memcpy(h, p, n * sizeof(uint16_t));
    return load_f16(reinterpret_cast<const char*>(h));
  }
  static Reg fma(Reg a, Reg b, Reg c) { return _mm256_fmadd_ps(a, b, c); }
  static Reg sub(Reg a, Reg b) { return _mm256_sub_ps(a, b); }
  static Reg add(Reg a, Reg b) { return _mm256_add_ps(a, b); }
  static Reg abs(Reg a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
  static float sum(Reg a) {
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
  }

  static __m128i load16(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
  static __m256i load32(const void* p) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(p));
  }
  static uint32_t sum_u32(__m256i a) {
    const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    return static_cast<uint32_t>(
        _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xB1))));
  }

  // step(x, y) takes sixteen bytes of each, widened to 16 bits, and returns eight partial sums. The
  // total stays below 2^32.
  template <typename Step>
  static uint64_t u8_sum(const uint8_t* a, const uint8_t* b, uint32_t n, Step step) {
    __m256i sum0 = _mm256_setzero_si256(), sum1 = sum0;
    uint32_t i = 0;
    for (; i + 32 <= n; i += 32) {
      sum0 = _mm256_add_epi32(
          sum0, step(_mm256_cvtepu8_epi16(load16(a + i)), _mm256_cvtepu8_epi16(load16(b + i))));
      sum1 = _mm256_add_epi32(sum1, step(_mm256_cvtepu8_epi16(load16(a + i + 16)),
                                         _mm256_cvtepu8_epi16(load16(b + i + 16))));
    }
    for (; i < n; i += 16) {
      const uint32_t rest = n - i < 16 ? n - i : 16;
      uint8_t x[16] = {}, y[16] = {};
      memcpy(x, a + i, rest);
      memcpy(y, b + i, rest);
      sum0 = _mm256_add_epi32(
          sum0, step(_mm256_cvtepu8_epi16(load16(x)), _mm256_cvtepu8_epi16(load16(y))));
    }
    return sum_u32(_mm256_add_epi32(sum0, sum1));
  }
  static uint64_t u8_product(const uint8_t* a, const uint8_t* b, uint32_t n) {
    return u8_sum(a, b, n, [](__m256i x, __m256i y) { return _mm256_madd_epi16(x, y); });
  }
  static uint64_t u8_squared_difference(const uint8_t* a, const uint8_t* b, uint32_t n) {
    return u8_sum(a, b, n, [](__m256i x, __m256i y) {
      const __m256i d = _mm256_sub_epi16(x, y);
      return _mm256_madd_epi16(d, d);
    });
  }
  static uint64_t u8_absolute_difference(const uint8_t* a, const uint8_t* b, uint32_t n) {
    __m256i sum = _mm256_setzero_si256();
    uint32_t i = 0;
    for (; i + 32 <= n; i += 32)
      sum = _mm256_add_epi64(sum, _mm256_sad_epu8(load32(a + i), load32(b + i)));
    if (i < n) {
      uint8_t x[32] = {}, y[32] = {};
      memcpy(x, a + i, n - i);
      memcpy(y, b + i, n - i);
      sum = _mm256_add_epi64(sum, _mm256_sad_epu8(load32(x), load32(y)));
    }
    return sum_u32(sum);  // the upper halves are zero
  }
  static uint64_t differing_bits(const char* a, const char* b, uint32_t n) {
    uint64_t sum = 0;
    uint32_t i = 0;
    for (; i + 8 <= n; i += 8) {
      uint64_t x, y;
      memcpy(&x, a + i, 8);
      memcpy(&y, b + i, 8);
      sum += static_cast<uint64_t>(_mm_popcnt_u64(x ^ y));
    }
    uint64_t x = 0, y = 0;
    memcpy(&x, a + i, n - i);
    memcpy(&y, b + i, n - i);
    return sum + static_cast<uint64_t>(_mm_popcnt_u64(x ^ y));
  }

  // Multiplies |a| by b with the sign of a. No code is -128, so a pair of products fits 16 bits.
  static int32_t code_product(const int8_t* a, const int8_t* b, uint32_t n, int32_t) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i sum = _mm256_setzero_si256();
    uint32_t i = 0;
    for (; i + 32 <= n; i += 32) {
      const __m256i x = load32(a + i), y = load32(b + i);
      const __m256i pairs = _mm256_maddubs_epi16(_mm256_sign_epi8(x, x), _mm256_sign_epi8(y, x));
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
    }
    if (i < n) {  // codes are padded to a multiple of sixteen
      const __m256i x = _mm256_cvtepi8_epi16(load16(a + i)),
                    y = _mm256_cvtepi8_epi16(load16(b + i));
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
    }
    return static_cast<int32_t>(sum_u32(sum));
  }
  static float code_absolute_difference(const int8_t* a, float scale_a, const int8_t* b,
                                        float scale_b, uint32_t n) {
    const __m256 sa = _mm256_set1_ps(scale_a), sb = _mm256_set1_ps(scale_b);
    const auto eight = [](const int8_t* p) {
      return _mm256_cvtepi32_ps(
          _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
    };
    Reg sum0 = zero(), sum1 = zero();
    for (uint32_t i = 0; i < n; i += 16) {
      sum0 = add(sum0, abs(sub(_mm256_mul_ps(eight(a + i), sa), _mm256_mul_ps(eight(b + i), sb))));
      sum1 = add(
          sum1, abs(sub(_mm256_mul_ps(eight(a + i + 8), sa), _mm256_mul_ps(eight(b + i + 8), sb))));
    }
    return sum(add(sum0, sum1));
  }

  static void f32_to_f16(const float* in, uint16_t* out, uint64_t n) {
    uint64_t i = 0;
    for (; i + 8 <= n; i += 8) {
      const __m128i h =
          _mm256_cvtps_ph(_mm256_loadu_ps(in + i), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), h);
    }
    for (; i < n; ++i)
      out[i] =
          static_cast<uint16_t>(_cvtss_sh(in[i], _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
  static void f16_to_f32(const uint16_t* in, float* out, uint64_t n) {
    uint64_t i = 0;
    for (; i + 8 <= n; i += 8)
      _mm256_storeu_ps(out + i, load_f16(reinterpret_cast<const char*>(in + i)));
    for (; i < n; ++i) out[i] = _cvtsh_ss(in[i]);
  }
};

}  // namespace

constinit const Table kAvx2 = make_table<Avx2>("avx2");

}  // namespace rhumb::kernels
