// Kernels for AVX2, FMA and POPCNT.
#include <immintrin.h>

#include "codes/kernels_generic.h"

namespace rhumb::coded {
namespace {

struct Avx2 : Generic<Avx2> {
  static constexpr int kRows = 4;

  static __m256i load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
  static uint32_t sum_u32(__m256i a) {
    const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    return static_cast<uint32_t>(
        _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xB1))));
  }
  template <int R>
  static void squared_block(const uint8_t* q, const char* const* rows, uint32_t bytes,
                            uint32_t* out) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i sum[R];
    for (int r = 0; r < R; ++r) sum[r] = _mm256_setzero_si256();
    for (uint32_t i = 0; i < bytes; i += 32) {
      const __m256i a = load(q + i);
      for (int r = 0; r < R; ++r) {
        // A difference is at most 127, and 2 * 127^2 fits 16 bits.
        const __m256i d = _mm256_abs_epi8(_mm256_sub_epi8(a, load(rows[r] + i)));
        sum[r] = _mm256_add_epi32(sum[r], _mm256_madd_epi16(_mm256_maddubs_epi16(d, d), ones));
      }
    }
    for (int r = 0; r < R; ++r) out[r] = sum_u32(sum[r]);
  }
  template <int R>
  static void absolute_block(const uint8_t* q, const char* const* rows, uint32_t bytes,
                             uint32_t* out) {
    __m256i sum[R];
    for (int r = 0; r < R; ++r) sum[r] = _mm256_setzero_si256();
    for (uint32_t i = 0; i < bytes; i += 32) {
      const __m256i a = load(q + i);
      for (int r = 0; r < R; ++r)
        sum[r] = _mm256_add_epi32(sum[r], _mm256_sad_epu8(a, load(rows[r] + i)));
    }
    for (int r = 0; r < R; ++r) out[r] = sum_u32(sum[r]);
  }
  // Sets out[r] by applying add(sum, query's components, row's levels) over the whole 4-bit code of
  // row r.
  template <int R, typename Add>
  static void each4(const uint8_t* q, const uint8_t* levels, const char* const* rows,
                    uint32_t bytes, uint32_t* out, Add add) {
    const __m256i lut =
        _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(levels)));
    const __m256i low = _mm256_set1_epi8(15);
    __m256i sum[R];
    for (int r = 0; r < R; ++r) sum[r] = _mm256_setzero_si256();
    for (uint32_t i = 0; i < bytes; i += 32) {
      const __m256i a = load(q + 2 * i), b = load(q + 2 * i + 32);
      for (int r = 0; r < R; ++r) {
        const __m256i two = load(rows[r] + i);
        sum[r] = add(sum[r], a, _mm256_shuffle_epi8(lut, _mm256_and_si256(two, low)));
        sum[r] = add(sum[r], b,
                     _mm256_shuffle_epi8(lut, _mm256_and_si256(_mm256_srli_epi16(two, 4), low)));
      }
    }
    for (int r = 0; r < R; ++r) out[r] = sum_u32(sum[r]);
  }
  template <int R>
  static void squared4_block(const uint8_t* q, const uint8_t* levels, const char* const* rows,
                             uint32_t bytes, uint32_t* out) {
    const __m256i ones = _mm256_set1_epi16(1);
    each4<R>(q, levels, rows, bytes, out, [ones](__m256i sum, __m256i a, __m256i b) {
      const __m256i d = _mm256_abs_epi8(_mm256_sub_epi8(a, b));
      return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(d, d), ones));
    });
  }
  template <int R>
  static void absolute4_block(const uint8_t* q, const uint8_t* levels, const char* const* rows,
                              uint32_t bytes, uint32_t* out) {
    each4<R>(q, levels, rows, bytes, out, [](__m256i sum, __m256i a, __m256i b) {
      return _mm256_add_epi32(sum, _mm256_sad_epu8(a, b));
    });
  }
  static uint32_t lookup(const uint16_t* q, const uint8_t* row, uint32_t bytes) {
    // Lane numbers times kCentroids.
    const __m256i lanes = _mm256_slli_epi32(_mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0), 8);
    __m256i sum = _mm256_setzero_si256();
    for (uint32_t i = 0; i + 8 <= bytes; i += 8, q += 8 * kCentroids) {
      const __m256i codes =
          _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(row + i)));
      // Loads the number and the one after it.
      const __m256i two = _mm256_i32gather_epi32(reinterpret_cast<const int*>(q),
                                                 _mm256_add_epi32(lanes, codes), 2);
      sum = _mm256_add_epi32(sum, _mm256_and_si256(two, _mm256_set1_epi32(0xFFFF)));
    }
    return sum_u32(sum) + Generic::lookup(q, row + bytes / 8 * 8, bytes % 8);
  }
  static void squared_to(const uint8_t* code, const uint8_t* book, uint32_t width, uint32_t sub,
                         uint16_t* out) {
    if (sub < 4) return Generic::squared_to(code, book, width, sub, out);
    const __m256i ones = _mm256_set1_epi16(1);
    for (uint32_t first = 0; first < width; first += sub, code += sub, book += sub * kCentroids) {
      for (uint32_t c = 0; c < kCentroids; c += 16, out += 16) {
        __m256i sum[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
        for (uint32_t d = 0; d < sub; d += 4) {
          int four;
          memcpy(&four, code + d, sizeof four);
          for (uint32_t half = 0; half < 2; ++half) {
            const __m256i apart = _mm256_abs_epi8(_mm256_sub_epi8(
                _mm256_set1_epi32(four), load(book + d * kCentroids + 4 * (c + 8 * half))));
            sum[half] = _mm256_add_epi32(
                sum[half], _mm256_madd_epi16(_mm256_maddubs_epi16(apart, apart), ones));
          }
        }
        const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(sum[0], sum[1]), 0xD8);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), packed);
      }
    }
  }
  template <int R>
  static void differing_block(const char* q, const char* const* rows, uint32_t bytes,
                              uint32_t* out) {
    uint64_t sum[R] = {};
    for (uint32_t i = 0; i < bytes; i += 8) {
      uint64_t a;
      memcpy(&a, q + i, 8);
      for (int r = 0; r < R; ++r) {
        uint64_t b;
        memcpy(&b, rows[r] + i, 8);
        sum[r] += static_cast<uint64_t>(_mm_popcnt_u64(a ^ b));
      }
    }
    for (int r = 0; r < R; ++r) out[r] = static_cast<uint32_t>(sum[r]);
  }
  template <int R>
  static void matches_block(const char* planes, const char* const* rows, uint32_t bytes,
                            uint32_t* out) {
    uint64_t sum[R] = {};
    for (uint32_t p = 0; p < kQueryPlanes; ++p) {
      uint64_t in_plane[R] = {};
      for (uint32_t i = 0; i < bytes; i += 8) {
        uint64_t a;
        memcpy(&a, planes + p * bytes + i, 8);
        for (int r = 0; r < R; ++r) {
          uint64_t b;
          memcpy(&b, rows[r] + i, 8);
          in_plane[r] += static_cast<uint64_t>(_mm_popcnt_u64(a & b));
        }
      }
      for (int r = 0; r < R; ++r) sum[r] += in_plane[r] << p;
    }
    for (int r = 0; r < R; ++r) out[r] = static_cast<uint32_t>(sum[r]);
  }
};

}  // namespace

constinit const Kernels kAvx2Kernels = make_kernels<Avx2>("avx2");

}  // namespace rhumb::coded
