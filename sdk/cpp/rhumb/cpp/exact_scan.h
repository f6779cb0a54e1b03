// Rhumb plugin SDK, C++ face: comparing queries with every slot that passes. An index without a
// graph answers so, and an index with a graph falls back on it. The plugin must link
// RhumbSDK::kernels.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "rhumb/cpp/host.h"
#include "rhumb/cpp/slot_filter.h"
#include "rhumb/cpp/top_k.h"
#include "rhumb/kernels.h"

namespace rhumb {

struct SlotRange {
  uint32_t first = 0, end = 0;
  bool operator==(const SlotRange&) const = default;
};

inline const void* row_of(const rhumb_vectors_t& column, uint32_t slot) noexcept {
  const uint64_t in_chunk = slot & ((uint64_t{1} << column.chunk_shift) - 1);
  return static_cast<const char*>(column.chunks[slot >> column.chunk_shift]) +
         in_chunk * column.stride;
}

// Looks at the deadline and the cancellation of a call about once in a millisecond, by the work
// that was done since. It throws like check_call(). One thread uses it, for one call.
class Pacer {
 public:
  Pacer(const rhumb_call_t* call, const Host& host, const rhumb_vectors_t& column)
      : call_(call),
        host_(host),
        row_cost_(rhumb_vector_bytes(column.scalar, column.dim) + kRowOverhead) {}
  void rows(uint64_t n) {
    spent_ += n * row_cost_;
    if (spent_ < kStepCost) return;
    spent_ = 0;
    check_call(call_, host_);
  }
  // Returns how many rows a caller may compare before it calls rows().
  uint64_t batch(uint64_t limit) const noexcept {
    return std::max<uint64_t>(1, std::min(limit, kStepCost / row_cost_));
  }

 private:
  static constexpr uint64_t kStepCost = 4 << 20;  // in bytes: a core reads about 10 GB/s of vectors
  static constexpr uint64_t kRowOverhead = 256;   // the other cost of a row, expressed in bytes
  const rhumb_call_t* call_;
  const Host& host_;
  const uint64_t row_cost_;
  uint64_t spent_ = 0;
};

// Pushes every slot of the ranges that passes into the TopK of each query, and returns the number
// of distances that it computed. All queries share one read of the rows: a batch of rows stays in
// the cache while the queries take their turns.
inline uint64_t exact_scan(const rhumb_kernel_t& kernel, const rhumb_vectors_t& column,
                           const SlotFilter& filter, std::span<const SlotRange> ranges,
                           std::span<const void* const> queries, std::span<TopK> tops,
                           Pacer& pacer) {
  constexpr uint32_t kBatch = 256;
  std::array<uint32_t, kBatch> slots;
  std::array<float, kBatch> distances;
  const uint64_t batch = pacer.batch(kBatch);
  uint64_t n = 0, compared = 0;
  const auto flush = [&] {
    for (size_t q = 0; q < queries.size(); ++q) {
      kernel.slots(queries[q], &column, slots.data(), n, distances.data());
      for (uint64_t i = 0; i < n; ++i) tops[q].push(hit_key(distances[i], slots[i]));
      pacer.rows(n);
    }
    compared += n * queries.size();
    n = 0;
  };
  for (const SlotRange& range : ranges) {
    filter.for_each(range.first, range.end, [&](uint32_t slot) {
      slots[n++] = slot;
      if (n == batch) flush();
    });
  }
  if (n > 0) flush();
  return compared;
}

// Writes the hits of query `i` into `out`.
inline void write_hits(rhumb_hits_t& out, uint64_t i, uint32_t k, TopK& top) {
  const std::span<const HitKey> hits = top.sorted();
  const size_t count = std::min<size_t>(k, hits.size());
  for (size_t h = 0; h < count; ++h) {
    out.slots[i * k + h] = hit_slot(hits[h]);
    out.distances[i * k + h] = hit_distance(hits[h]);
  }
  out.counts[i] = static_cast<uint32_t>(count);
}

}  // namespace rhumb
