// AVX-512 F, BW, DQ, VL and VNNI, for Ice Lake, Zen 4 and later. The last part of a row is a masked
// load, so that no byte after the row is read.
#include <immintrin.h>

#include "sdk/kernels/generic.h"

namespace rhumb::kernels {
namespace {

struct Avx512 {
  using Reg = __m512;
  static constexpr uint32_t kLanes = 16;
  static constexpr int kRows = 4;

  static Reg zero() { return _mm512_setzero_ps(); }
  static Reg load_f32(const char* p) { return _mm512_loadu_ps(p); }
  static Reg load_f32_tail(const char* p, uint32_t n) {
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
  }
  static Reg load_f16(const char* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static Reg load_f16_tail(const char* p, uint32_t n) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(static_cast<__mmask16>((1u << n) - 1), p));
  }
  static Reg fma(Reg a, Reg b, Reg c) { return _mm512_fmadd_ps(a, b, c); }
  static Reg sub(Reg a, Reg b) { return _mm512_sub_ps(a, b); }
  static Reg add(Reg a, Reg b) { return _mm512_add_ps(a, b); }
  static Reg abs(Reg a) { return _mm512_abs_ps(a); }
  static float sum(Reg a) { return _mm512_reduce_add_ps(a); }

  // Returns the mask of the first n of 32 or 64 lanes. n may be larger.
  static __mmask32 first32(uint32_t n) { return n >= 32 ? ~__mmask32{0} : (__mmask32{1} << n) - 1; }
  static __mmask64 first64(uint32_t n) { return n >= 64 ? ~__mmask64{0} : (__mmask64{1} << n) - 1; }
  static __m512i widened(const uint8_t* p, __mmask32 mask) {
    return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(mask, p));
  }
  // _mm512_reduce_add_epi32 adds signed numbers, which is undefined beyond 2^31.
  static uint32_t sum_u32(__m512i a) {
    const __m256i eight =
        _mm256_add_epi32(_mm512_castsi512_si256(a), _mm512_extracti64x4_epi64(a, 1));
    const __m128i four =
        _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    return static_cast<uint32_t>(
        _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xB1))));
  }

  static uint64_t u8_product(const uint8_t* a, const uint8_t* b, uint32_t n) {
    __m512i sum = _mm512_setzero_si512();
    for (uint32_t i = 0; i < n; i += 32) {
      const __mmask32 mask = first32(n - i);
      sum = _mm512_dpwssd_epi32(sum, widened(a + i, mask), widened(b + i, mask));
    }
    return sum_u32(sum);
  }
  static uint64_t u8_squared_difference(const uint8_t* a, const uint8_t* b, uint32_t n) {
    __m512i sum = _mm512_setzero_si512();
    for (uint32_t i = 0; i < n; i += 32) {
      const __mmask32 mask = first32(n - i);
      const __m512i d = _mm512_sub_epi16(widened(a + i, mask), widened(b + i, mask));
      sum = _mm512_dpwssd_epi32(sum, d, d);
    }
    return sum_u32(sum);
  }
  static uint64_t u8_absolute_difference(const uint8_t* a, const uint8_t* b, uint32_t n) {
    __m512i sum = _mm512_setzero_si512();
    for (uint32_t i = 0; i < n; i += 64) {
      const __mmask64 mask = first64(n - i);
      sum = _mm512_add_epi64(sum, _mm512_sad_epu8(_mm512_maskz_loadu_epi8(mask, a + i),
                                                  _mm512_maskz_loadu_epi8(mask, b + i)));
    }
    return static_cast<uint64_t>(_mm512_reduce_add_epi64(sum));
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

  // VNNI multiplies an unsigned by a signed number. So it computes (a + 128) * b, and 128 times the
  // sum of b is subtracted afterwards. 255 * 127 * 65,536 fits 31 bits.
  static int32_t code_product(const int8_t* a, const int8_t* b, uint32_t n, int32_t sum_b) {
    const __m512i offset = _mm512_set1_epi8(static_cast<char>(0x80));
    __m512i sum0 = _mm512_setzero_si512(), sum1 = sum0;
    uint32_t i = 0;
    for (; i + 128 <= n; i += 128) {
      sum0 = _mm512_dpbusd_epi32(sum0, _mm512_xor_si512(_mm512_loadu_si512(a + i), offset),
                                 _mm512_loadu_si512(b + i));
      sum1 = _mm512_dpbusd_epi32(sum1, _mm512_xor_si512(_mm512_loadu_si512(a + i + 64), offset),
                                 _mm512_loadu_si512(b + i + 64));
    }
    for (; i < n; i += 64) {
      const __mmask64 mask = first64(n - i);
      const __m512i x = _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, a + i), offset);
      sum0 = _mm512_dpbusd_epi32(sum0, x, _mm512_maskz_loadu_epi8(mask, b + i));
    }
    return static_cast<int32_t>(sum_u32(_mm512_add_epi32(sum0, sum1))) - 128 * sum_b;
  }
  static float code_absolute_difference(const int8_t* a, float scale_a, const int8_t* b,
                                        float scale_b, uint32_t n) {
    const __m512 sa = _mm512_set1_ps(scale_a), sb = _mm512_set1_ps(scale_b);
    const auto sixteen = [](const int8_t* p) {
      return _mm512_cvtepi32_ps(
          _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
    };
    Reg total = zero();
    for (uint32_t i = 0; i < n; i += 16) {
      total = add(total,
                  abs(sub(_mm512_mul_ps(sixteen(a + i), sa), _mm512_mul_ps(sixteen(b + i), sb))));
    }
    return sum(total);
  }

  static void f32_to_f16(const float* in, uint16_t* out, uint64_t n) {
    for (uint64_t i = 0; i < n; i += 16) {
      const auto mask =
          static_cast<__mmask16>(first32(n - i < 16 ? static_cast<uint32_t>(n - i) : 16));
      const __m256i h = _mm512_cvtps_ph(_mm512_maskz_loadu_ps(mask, in + i),
                                        _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
      _mm256_mask_storeu_epi16(out + i, mask, h);
    }
  }
  static void f16_to_f32(const uint16_t* in, float* out, uint64_t n) {
    for (uint64_t i = 0; i < n; i += 16) {
      const auto mask =
          static_cast<__mmask16>(first32(n - i < 16 ? static_cast<uint32_t>(n - i) : 16));
      _mm512_mask_storeu_ps(out + i, mask, _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, in + i)));
    }
  }
};

}  // namespace

constinit const Table kAvx512 = make_table<Avx512>("avx512");

}  // namespace rhumb::kernels
