// Kernels for AVX-512 F, BW, DQ, VL and VNNI. The one-bit codes have a second form with VPOPCNTDQ.
#include <immintrin.h>

#include "codes/kernels_generic.h"

namespace rhumb::coded {
namespace {

struct Avx512 : Generic<Avx512> {
  static constexpr int kRows = 4;

  static __m512i load(const void* p) { return _mm512_loadu_si512(p); }
  static uint32_t sum_u32(__m512i a) {
    const __m256i eight =
        _mm256_add_epi32(_mm512_castsi512_si256(a), _mm512_extracti64x4_epi64(a, 1));
    const __m128i four =
        _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    return static_cast<uint32_t>(
        _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xB1))));
  }
  // Sums up each of four registers at once.
  static void sums_u32(const __m512i* a, uint32_t* out) {
    const __m512i low01 = _mm512_unpacklo_epi32(a[0], a[1]),
                  high01 = _mm512_unpackhi_epi32(a[0], a[1]);
    const __m512i low23 = _mm512_unpacklo_epi32(a[2], a[3]),
                  high23 = _mm512_unpackhi_epi32(a[2], a[3]);
    const __m512i pair01 = _mm512_add_epi32(low01, high01),
                  pair23 = _mm512_add_epi32(low23, high23);
    const __m512i all = _mm512_add_epi32(_mm512_unpacklo_epi64(pair01, pair23),
                                         _mm512_unpackhi_epi64(pair01, pair23));
    const __m256i half =
        _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
    const __m128i quarter =
        _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), quarter);
  }
  template <int R>
  static void store_sums(const __m512i* sum, uint32_t* out) {
    if constexpr (R == 4)
      sums_u32(sum, out);
    else
      for (int r = 0; r < R; ++r) out[r] = sum_u32(sum[r]);
  }

  static uint32_t unvisited(const uint32_t* row, uint32_t n, uint32_t flip, uint32_t bound,
                            uint32_t* visited, uint32_t* out) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i += 16) {  // rows are whole lines
      const __m512i ids =
          _mm512_xor_si512(load(row + i), _mm512_set1_epi32(static_cast<int>(flip)));
      const __mmask16 there =
          _mm512_cmplt_epu32_mask(ids, _mm512_set1_epi32(static_cast<int>(bound)));
      if (there == 0) continue;
      const __m512i words = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), there,
                                                        _mm512_srli_epi32(ids, 5), visited, 4);
      const __m512i bits =
          _mm512_sllv_epi32(_mm512_set1_epi32(1), _mm512_and_si512(ids, _mm512_set1_epi32(31)));
      const __mmask16 fresh = _mm512_mask_testn_epi32_mask(there, words, bits);
      _mm512_storeu_si512(out + kept, _mm512_maskz_compress_epi32(fresh, ids));
      const uint32_t end = kept + static_cast<uint32_t>(__builtin_popcount(fresh));
      // A row that is being rewritten may contain a node twice.
      for (uint32_t k = kept; k < end; ++k) {
        const uint32_t id = out[k];
        uint32_t& word = visited[id >> 5];
        const uint32_t bit = 1u << (id & 31);
        out[kept] = id;
        kept += (word & bit) == 0 ? 1 : 0;
        word |= bit;
      }
    }
    return kept;
  }
  template <int R>
  static void squared_block(const uint8_t* q, const char* const* rows, uint32_t bytes,
                            uint32_t* out) {
    __m512i sum[R];
    for (int r = 0; r < R; ++r) sum[r] = _mm512_setzero_si512();
    for (uint32_t i = 0; i < bytes; i += 64) {
      const __m512i a = load(q + i);
      for (int r = 0; r < R; ++r) {
        const __m512i d = _mm512_abs_epi8(_mm512_sub_epi8(a, load(rows[r] + i)));
        sum[r] = _mm512_dpbusd_epi32(sum[r], d, d);
      }
    }
    store_sums<R>(sum, out);
  }
  template <int R>
  static void absolute_block(const uint8_t* q, const char* const* rows, uint32_t bytes,
                             uint32_t* out) {
    __m512i sum[R];
    for (int r = 0; r < R; ++r) sum[r] = _mm512_setzero_si512();
    for (uint32_t i = 0; i < bytes; i += 64) {
      const __m512i a = load(q + i);
      for (int r = 0; r < R; ++r)
        sum[r] = _mm512_add_epi32(sum[r], _mm512_sad_epu8(a, load(rows[r] + i)));
    }
    store_sums<R>(sum, out);
  }
  // Expands 64 components of a 4-bit code: the low nibbles of 32 bytes come first, then the high
  // ones.
  static __m512i levels_of(const char* packed, __m512i lut) {
    const __m512i twice =
        _mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(packed)));
    const __m512i apart = _mm512_srlv_epi64(twice, _mm512_set_epi64(4, 4, 4, 4, 0, 0, 0, 0));
    return _mm512_shuffle_epi8(lut, _mm512_and_si512(apart, _mm512_set1_epi8(15)));
  }
  static __m512i lut_of(const uint8_t* levels) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(levels)));
  }
  template <int R>
  static void squared4_block(const uint8_t* q, const uint8_t* levels, const char* const* rows,
                             uint32_t bytes, uint32_t* out) {
    const __m512i lut = lut_of(levels);
    __m512i sum[R];
    for (int r = 0; r < R; ++r) sum[r] = _mm512_setzero_si512();
    for (uint32_t i = 0; i < bytes; i += 32) {
      const __m512i a = load(q + 2 * i);
      for (int r = 0; r < R; ++r) {
        const __m512i d = _mm512_abs_epi8(_mm512_sub_epi8(a, levels_of(rows[r] + i, lut)));
        sum[r] = _mm512_dpbusd_epi32(sum[r], d, d);
      }
    }
    store_sums<R>(sum, out);
  }
  template <int R>
  static void absolute4_block(const uint8_t* q, const uint8_t* levels, const char* const* rows,
                              uint32_t bytes, uint32_t* out) {
    const __m512i lut = lut_of(levels);
    __m512i sum[R];
    for (int r = 0; r < R; ++r) sum[r] = _mm512_setzero_si512();
    for (uint32_t i = 0; i < bytes; i += 32) {
      const __m512i a = load(q + 2 * i);
      for (int r = 0; r < R; ++r)
        sum[r] = _mm512_add_epi32(sum[r], _mm512_sad_epu8(a, levels_of(rows[r] + i, lut)));
    }
    store_sums<R>(sum, out);
  }
  static uint32_t lookup(const uint16_t* q, const uint8_t* row, uint32_t bytes) {
    const __m512i lanes =
        _mm512_mullo_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                           _mm512_set1_epi32(kCentroids));
    __m512i sum = _mm512_setzero_si512();
    for (uint32_t i = 0; i < bytes; i += 16, q += 16 * kCentroids) {
      const auto there = static_cast<__mmask16>(bytes - i < 16 ? (1u << (bytes - i)) - 1 : 0xFFFFu);
      const __m512i at =
          _mm512_add_epi32(lanes, _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(there, row + i)));
      // Loads the number and the one after it.
      const __m512i two = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), there, at, q, 2);
      sum = _mm512_add_epi32(sum, _mm512_and_si512(two, _mm512_set1_epi32(0xFFFF)));
    }
    return sum_u32(sum);
  }
  static void squared_to(const uint8_t* code, const uint8_t* book, uint32_t width, uint32_t sub,
                         uint16_t* out) {
    if (sub < 4) return Generic::squared_to(code, book, width, sub, out);
    for (uint32_t first = 0; first < width; first += sub, code += sub, book += sub * kCentroids) {
      for (uint32_t c = 0; c < kCentroids; c += 16, out += 16) {
        __m512i sum = _mm512_setzero_si512();
        for (uint32_t d = 0; d < sub; d += 4) {
          int four;
          memcpy(&four, code + d, sizeof four);
          const __m512i apart = _mm512_abs_epi8(
              _mm512_sub_epi8(_mm512_set1_epi32(four), load(book + d * kCentroids + 4 * c)));
          sum = _mm512_dpbusd_epi32(sum, apart, apart);
        }
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm512_cvtusepi32_epi16(sum));
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

  static void planes(const float* x, uint32_t n, uint32_t bytes, char* planes, BitQuery* out) {
    __m512 lows = _mm512_loadu_ps(x), highs = lows, squares = _mm512_setzero_ps();
    for (uint32_t i = 0; i < n; i += 16) {
      const __m512 v = _mm512_loadu_ps(x + i);
      lows = _mm512_min_ps(lows, v);
      highs = _mm512_max_ps(highs, v);
      squares = _mm512_fmadd_ps(v, v, squares);
    }
    const float low = _mm512_reduce_min_ps(lows),
                step = (_mm512_reduce_max_ps(highs) - low) / kPlaneLevels;
    const __m512 inverse = _mm512_set1_ps(step > 0 ? 1 / step : 0), first = _mm512_set1_ps(low);
    __m512i sums = _mm512_setzero_si512();
    for (uint32_t i = 0; i < n; i += 16) {
      const __m512 v = _mm512_fmadd_ps(_mm512_sub_ps(_mm512_loadu_ps(x + i), first), inverse,
                                       _mm512_set1_ps(0.5f));
      const __m512i levels = _mm512_cvttps_epi32(_mm512_min_ps(v, _mm512_set1_ps(kPlaneLevels)));
      sums = _mm512_add_epi32(sums, levels);
      for (uint32_t p = 0; p < kQueryPlanes; ++p) {
        const __mmask16 mask = _mm512_test_epi32_mask(levels, _mm512_set1_epi32(1 << p));
        memcpy(planes + p * bytes + i / 8, &mask, sizeof mask);
      }
    }
    *out = {planes, _mm512_reduce_add_ps(squares), low, step,
            step * static_cast<float>(sum_u32(sums)) + low * static_cast<float>(n)};
  }
  static void signs(const float* x, uint32_t n, char* out, BitTail* tail) {
    __m512 squares = _mm512_setzero_ps(), absolutes = squares;
    uint32_t ones = 0;
    for (uint32_t i = 0; i < n; i += 16) {
      const __m512 v = _mm512_loadu_ps(x + i);
      squares = _mm512_fmadd_ps(v, v, squares);
      absolutes = _mm512_add_ps(absolutes, _mm512_abs_ps(v));
      const __mmask16 mask = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GT_OQ);
      ones += static_cast<uint32_t>(__builtin_popcount(mask));
      memcpy(out + i / 8, &mask, sizeof mask);
    }
    const float square = _mm512_reduce_add_ps(squares), absolute = _mm512_reduce_add_ps(absolutes);
    *tail = {square, absolute > 0 ? 2 * square / absolute : 0.0f, static_cast<float>(ones), 0};
  }

  // The four stages inside a register: x[i] = x[i ^ h] + (i & h ? -x[i] : x[i]).
  static __m512 within(__m512 x) {
    const auto negate = [](__m512 v, __mmask16 lanes) {
      return _mm512_mask_sub_ps(v, lanes, _mm512_setzero_ps(), v);
    };
    x = _mm512_add_ps(_mm512_permute_ps(x, 0xB1), negate(x, 0xAAAA));
    x = _mm512_add_ps(_mm512_permute_ps(x, 0x4E), negate(x, 0xCCCC));
    x = _mm512_add_ps(_mm512_shuffle_f32x4(x, x, 0xB1), negate(x, 0xF0F0));
    return _mm512_add_ps(_mm512_shuffle_f32x4(x, x, 0x4E), negate(x, 0xFF00));
  }
  static void hadamard(float* x, uint32_t n, uint32_t block) {
    for (float* b = x; b < x + n; b += block) {
      for (uint32_t i = 0; i < block; i += 64) {  // stages 1 to 32, in four registers
        __m512 v[4];
        for (int k = 0; k < 4; ++k) v[k] = within(_mm512_loadu_ps(b + i + 16 * k));
        const __m512 s0 = _mm512_add_ps(v[0], v[1]), d0 = _mm512_sub_ps(v[0], v[1]);
        const __m512 s1 = _mm512_add_ps(v[2], v[3]), d1 = _mm512_sub_ps(v[2], v[3]);
        _mm512_storeu_ps(b + i, _mm512_add_ps(s0, s1));
        _mm512_storeu_ps(b + i + 16, _mm512_add_ps(d0, d1));
        _mm512_storeu_ps(b + i + 32, _mm512_sub_ps(s0, s1));
        _mm512_storeu_ps(b + i + 48, _mm512_sub_ps(d0, d1));
      }
      for (uint32_t h = 64; h < block; h *= 2) {
        for (uint32_t i = 0; i < block; i += 2 * h) {
          for (uint32_t j = i; j < i + h; j += 16) {
            const __m512 low = _mm512_loadu_ps(b + j), high = _mm512_loadu_ps(b + j + h);
            _mm512_storeu_ps(b + j, _mm512_add_ps(low, high));
            _mm512_storeu_ps(b + j + h, _mm512_sub_ps(low, high));
          }
        }
      }
    }
  }
};

#define RHUMB_POPCNT __attribute__((target("avx512vpopcntdq")))

struct Avx512Popcnt : Avx512 {
  template <int R>
  RHUMB_POPCNT static void matches_block(const char* planes, const char* const* rows,
                                         uint32_t bytes, uint32_t* out) {
    __m512i sum[R];
    for (int r = 0; r < R; ++r) sum[r] = _mm512_setzero_si512();
    for (uint32_t i = 0; i < bytes; i += 64) {
      __m512i plane[kQueryPlanes];
      for (uint32_t p = 0; p < kQueryPlanes; ++p) plane[p] = load(planes + p * bytes + i);
      for (int r = 0; r < R; ++r) {
        const __m512i row = load(rows[r] + i);
        for (uint32_t p = 0; p < kQueryPlanes; ++p) {
          sum[r] = _mm512_add_epi64(
              sum[r], _mm512_slli_epi64(_mm512_popcnt_epi64(_mm512_and_si512(row, plane[p])), p));
        }
      }
    }
    store_sums<R>(sum, out);
  }
  template <int R>
  RHUMB_POPCNT static void differing_block(const char* q, const char* const* rows, uint32_t bytes,
                                           uint32_t* out) {
    __m512i sum[R];
    for (int r = 0; r < R; ++r) sum[r] = _mm512_setzero_si512();
    for (uint32_t i = 0; i < bytes; i += 64) {
      const __m512i a = load(q + i);
      for (int r = 0; r < R; ++r)
        sum[r] =
            _mm512_add_epi64(sum[r], _mm512_popcnt_epi64(_mm512_xor_si512(a, load(rows[r] + i))));
    }
    store_sums<R>(sum, out);
  }
  static void differing(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                        uint32_t* out) {
    const auto* q = static_cast<const char*>(query);
    const uint32_t bytes = table->bytes;
    each_block<kRows>(*table, ids, n, bytes, [&]<int R>(const char* const* rows, uint32_t i) {
      differing_block<R>(q, rows, bytes, out + i);
    });
  }
  RHUMB_POPCNT static void bits(const void* query, const CodeTable* table, const uint32_t* ids,
                                uint32_t n, uint32_t* out) {
    const auto& q = *static_cast<const BitQuery*>(query);
    const uint32_t bytes = table->bytes;
    const uint32_t row_lines =
        (bytes + static_cast<uint32_t>(sizeof(BitTail)) + kLineBytes - 1) / kLineBytes;
    const uint32_t lines = row_lines < kFetchLinesMax ? row_lines : kFetchLinesMax;
    uint32_t fetched = 0;
    for (uint32_t i = 0; i < n;) {
      const uint32_t until = i + 4 + kAheadRows < n ? i + 4 + kAheadRows : n;
      for (; fetched < until; ++fetched) fetch(table->row(ids[fetched]), lines);
      const uint32_t run = n - i < 4 ? n - i : 4;
      const char* rows[4];
      for (uint32_t r = 0; r < 4; ++r) rows[r] = table->row(ids[i + (r < run ? r : 0)]);
      uint32_t matches[4];
      matches_block<4>(q.planes, rows, bytes, matches);
      for (uint32_t r = 0; r < run; ++r) out[i + r] = estimate(q, rows[r] + bytes, matches[r]);
      i += run;
    }
  }
};

}  // namespace

constinit const Kernels kAvx512Kernels = make_kernels<Avx512>("avx512");
constinit const Kernels kAvx512PopcntKernels = make_kernels<Avx512Popcnt>("avx512+vpopcntdq");

}  // namespace rhumb::coded
