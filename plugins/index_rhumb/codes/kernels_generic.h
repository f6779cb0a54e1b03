// The kernels, written once over an instruction set `Isa` and compiled in one translation unit for
// each. As in the SDK's kernels they have internal linkage and use no standard C++ header, so that
// the linker cannot merge a function with one that older machines cannot run.
//
// Isa provides kRows (how many rows are scored side by side), and squared<R>, absolute<R>,
// squared4<R>, absolute4<R>, differing<R> and matches<R> over blocks of rows. It may replace the
// loops below with better ones.
#pragma once

#include <stdint.h>
#include <string.h>

#include "codes/kernels.h"

namespace rhumb::coded {
namespace {

constexpr float kPlaneLevels = (1u << kQueryPlanes) - 1;
constexpr uint32_t kAheadRows = 8;  // rows are fetched this far ahead of the row that is scored
// Lines fetched of a row; the hardware's prefetcher fetches the rest.
constexpr uint32_t kFetchLinesMax = 16;

inline void fetch(const char* row, uint32_t lines) {
  for (uint32_t i = 0; i < lines; ++i) __builtin_prefetch(row + i * kLineBytes);
}

// Calls block(rows, i, r) for runs of r = R rows, and for the remaining rows one by one. Before
// each call it prefetches the next rows.
template <int R, typename Block>
inline void each_block(const CodeTable& table, const uint32_t* ids, uint32_t n, uint32_t bytes,
                       Block block) {
  const uint32_t row_lines = (bytes + kLineBytes - 1) / kLineBytes;
  const uint32_t lines = row_lines < kFetchLinesMax ? row_lines : kFetchLinesMax;
  uint32_t fetched = 0, i = 0;
  const char* rows[R];
  for (; i + R <= n; i += R) {
    const uint32_t until = i + R + kAheadRows < n ? i + R + kAheadRows : n;
    for (; fetched < until; ++fetched) fetch(table.row(ids[fetched]), lines);
    for (int r = 0; r < R; ++r) rows[r] = table.row(ids[i + static_cast<uint32_t>(r)]);
    block.template operator()<R>(rows, i);
  }
  for (; fetched < n; ++fetched) fetch(table.row(ids[fetched]), lines);
  for (; i < n; ++i) {
    rows[0] = table.row(ids[i]);
    block.template operator()<1>(rows, i);
  }
}

template <typename Isa>
struct Generic {
  static uint32_t unvisited(const uint32_t* row, uint32_t n, uint32_t flip, uint32_t bound,
                            uint32_t* visited, uint32_t* out) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; ++i) {
      const uint32_t id = __atomic_load_n(row + i, __ATOMIC_ACQUIRE) ^ flip;
      if (id >= bound) continue;
      uint32_t& word = visited[id >> 5];
      const uint32_t bit = 1u << (id & 31);
      out[kept] = id;
      kept += (word & bit) == 0 ? 1 : 0;
      word |= bit;
    }
    return kept;
  }
  static void squared(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                      uint32_t* out) {
    const auto* q = static_cast<const uint8_t*>(query);
    const uint32_t bytes = table->bytes;
    each_block<Isa::kRows>(*table, ids, n, bytes, [&]<int R>(const char* const* rows, uint32_t i) {
      Isa::template squared_block<R>(q, rows, bytes, out + i);
    });
  }
  static void absolute(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                       uint32_t* out) {
    const auto* q = static_cast<const uint8_t*>(query);
    const uint32_t bytes = table->bytes;
    each_block<Isa::kRows>(*table, ids, n, bytes, [&]<int R>(const char* const* rows, uint32_t i) {
      Isa::template absolute_block<R>(q, rows, bytes, out + i);
    });
  }
  static void squared4(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                       uint32_t* out) {
    const auto* q = static_cast<const uint8_t*>(query);
    const uint32_t bytes = table->bytes;
    each_block<Isa::kRows>(*table, ids, n, bytes, [&]<int R>(const char* const* rows, uint32_t i) {
      Isa::template squared4_block<R>(q, table->levels, rows, bytes, out + i);
    });
  }
  static void absolute4(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                        uint32_t* out) {
    const auto* q = static_cast<const uint8_t*>(query);
    const uint32_t bytes = table->bytes;
    each_block<Isa::kRows>(*table, ids, n, bytes, [&]<int R>(const char* const* rows, uint32_t i) {
      Isa::template absolute4_block<R>(q, table->levels, rows, bytes, out + i);
    });
  }
  static void looked_up(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                        uint32_t* out) {
    const auto* q = static_cast<const uint16_t*>(query);
    const uint32_t bytes = table->bytes;
    each_block<Isa::kRows>(*table, ids, n, bytes, [&]<int R>(const char* const* rows, uint32_t i) {
      for (int r = 0; r < R; ++r)
        out[i + static_cast<uint32_t>(r)] =
            Isa::lookup(q, reinterpret_cast<const uint8_t*>(rows[r]), bytes);
    });
  }
  static uint32_t lookup(const uint16_t* q, const uint8_t* row, uint32_t bytes) {
    uint32_t even = 0, odd = 0;
    for (uint32_t i = 0; i < bytes; i += 2, q += 2 * kCentroids) {  // rows are whole words
      even += q[row[i]];
      odd += q[kCentroids + row[i + 1]];
    }
    return even + odd;
  }
  // Adds the distances between kTogether components of the query and those of all centroids.
  template <uint32_t kTogether, typename Distance>
  static void add_centroids(const uint8_t* code, const uint8_t* book, uint32_t* sums,
                            Distance distance) {
    for (uint32_t c = 0; c < kCentroids; ++c) {
      for (uint32_t d = 0; d < kTogether; ++d)
        sums[c] += distance(int32_t{code[d]}, int32_t{book[c * kTogether + d]});
    }
  }
  template <typename Distance>
  static void each_centroid(const uint8_t* code, const uint8_t* book, uint32_t width, uint32_t sub,
                            uint16_t* out, Distance distance) {
    uint32_t sums[kCentroids];
    for (uint32_t first = 0; first < width;
         first += sub, code += sub, book += sub * kCentroids, out += kCentroids) {
      for (uint32_t c = 0; c < kCentroids; ++c) sums[c] = 0;
      if (sub == 1)
        add_centroids<1>(code, book, sums, distance);
      else if (sub == 2)
        add_centroids<2>(code, book, sums, distance);
      else
        for (uint32_t d = 0; d < sub; d += 4)
          add_centroids<4>(code + d, book + d * kCentroids, sums, distance);
      for (uint32_t c = 0; c < kCentroids; ++c)
        out[c] = static_cast<uint16_t>(sums[c] < 0xFFFF ? sums[c] : 0xFFFF);
    }
  }
  static void squared_to(const uint8_t* code, const uint8_t* book, uint32_t width, uint32_t sub,
                         uint16_t* out) {
    each_centroid(code, book, width, sub, out,
                  [](int32_t a, int32_t b) { return static_cast<uint32_t>((a - b) * (a - b)); });
  }
  static void absolute_to(const uint8_t* code, const uint8_t* book, uint32_t width, uint32_t sub,
                          uint16_t* out) {
    each_centroid(code, book, width, sub, out, [](int32_t a, int32_t b) {
      return static_cast<uint32_t>(a < b ? b - a : a - b);
    });
  }
  static void differing(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                        uint32_t* out) {
    const auto* q = static_cast<const char*>(query);
    const uint32_t bytes = table->bytes;
    each_block<Isa::kRows>(*table, ids, n, bytes, [&]<int R>(const char* const* rows, uint32_t i) {
      Isa::template differing_block<R>(q, rows, bytes, out + i);
    });
  }
  static void bits(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                   uint32_t* out) {
    const auto& q = *static_cast<const BitQuery*>(query);
    const uint32_t bytes = table->bytes;
    each_block<Isa::kRows>(*table, ids, n, bytes + static_cast<uint32_t>(sizeof(BitTail)),
                           [&]<int R>(const char* const* rows, uint32_t i) {
                             uint32_t matches[R];
                             Isa::template matches_block<R>(q.planes, rows, bytes, matches);
                             for (int r = 0; r < R; ++r)
                               out[i + static_cast<uint32_t>(r)] =
                                   estimate(q, rows[r] + bytes, matches[r]);
                           });
  }
  // `matches` is the sum over planes of 2^p times the number of bits that are set in plane and
  // code.
  static uint32_t estimate(const BitQuery& q, const char* tail_at, uint32_t matches) {
    BitTail tail;
    memcpy(&tail, tail_at, sizeof tail);
    const float signed_sum = 2 * (q.step * static_cast<float>(matches) + q.low * tail.ones) - q.sum;
    float distance = tail.square + q.square - tail.scale * signed_sum;
    if (!(distance > 0)) distance = 0;
    uint32_t key;
    memcpy(&key, &distance, sizeof key);
    return key;
  }
  static void hadamard(float* x, uint32_t n, uint32_t block) {
    for (float* b = x; b < x + n; b += block) {
      for (uint32_t h = 1; h < block; h *= 2) {
        for (uint32_t i = 0; i < block; i += 2 * h) {
          for (uint32_t j = i; j < i + h; ++j) {
            const float low = b[j], high = b[j + h];
            b[j] = low + high;
            b[j + h] = low - high;
          }
        }
      }
    }
  }
  static void flip(float* x, const float* signs, uint32_t n, uint32_t halves) {
    constexpr float kHalfRoot = 0.70710678118654752f;
    if (halves == 0) {
      for (uint32_t i = 0; i < n; ++i) x[i] *= signs[i];
      return;
    }
    const uint32_t half = n / 2;
    for (uint32_t i = 0; i < half; ++i) {
      const float low = x[i] * signs[i] * kHalfRoot,
                  high = x[i + half] * signs[i + half] * kHalfRoot;
      x[i] = low + high;
      x[i + half] = low - high;
    }
  }
  static void planes(const float* x, uint32_t n, uint32_t bytes, char* planes, BitQuery* out) {
    float low = x[0], high = x[0], square = 0;
    for (uint32_t i = 0; i < n; ++i) {
      low = x[i] < low ? x[i] : low;
      high = x[i] > high ? x[i] : high;
      square += x[i] * x[i];
    }
    const float step = (high - low) / kPlaneLevels, inverse = step > 0 ? 1 / step : 0;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; i += 64) {
      uint64_t words[kQueryPlanes] = {};
      for (uint32_t j = 0; j < 64; ++j) {
        const float v = (x[i + j] - low) * inverse + 0.5f;
        const auto level = static_cast<uint32_t>(v < kPlaneLevels ? v : kPlaneLevels);
        sum += level;
        for (uint32_t p = 0; p < kQueryPlanes; ++p) words[p] |= uint64_t{level >> p & 1} << j;
      }
      for (uint32_t p = 0; p < kQueryPlanes; ++p)
        memcpy(planes + p * bytes + i / 8, &words[p], sizeof words[p]);
    }
    *out = {planes, square, low, step,
            step * static_cast<float>(sum) + low * static_cast<float>(n)};
  }
  static void signs(const float* x, uint32_t n, char* out, BitTail* tail) {
    float square = 0, absolute = 0;
    uint32_t ones = 0;
    for (uint32_t i = 0; i < n; i += 64) {
      uint64_t word = 0;
      for (uint32_t j = 0; j < 64; ++j) {
        const float v = x[i + j];
        square += v * v;
        absolute += v > 0 ? v : -v;
        ones += v > 0 ? 1 : 0;
        word |= uint64_t{v > 0 ? 1u : 0u} << j;
      }
      memcpy(out + i / 8, &word, sizeof word);
    }
    *tail = {square, absolute > 0 ? 2 * square / absolute : 0.0f, static_cast<float>(ones), 0};
  }
  static void quantise(const float* x, uint32_t n, float scale, uint8_t* out) {
    for (uint32_t i = 0; i < n; ++i) {
      const float v = x[i] * scale + 64.5f;
      const float low = v > 0.0f ? v : 0.0f;  // also for not-a-number
      out[i] = static_cast<uint8_t>(static_cast<int32_t>(low < 127.0f ? low : 127.0f));
    }
  }
};

template <typename Isa>
constexpr Kernels make_kernels(const char* name) {
  return {name,           Isa::unvisited, Isa::squared,    Isa::absolute,    Isa::squared4,
          Isa::absolute4, Isa::looked_up, Isa::squared_to, Isa::absolute_to, Isa::differing,
          Isa::bits,      Isa::hadamard,  Isa::flip,       Isa::planes,      Isa::signs,
          Isa::quantise};
}

}  // namespace
}  // namespace rhumb::coded
