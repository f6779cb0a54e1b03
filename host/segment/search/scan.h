// Compares a query with the rows themselves: exactly, or first by the rows' 8-bit codes and then
// exactly where the codes leave a doubt (scan_by_codes.cc).
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>

#include "host/base/status.h"
#include "host/segment/columns/vector_column.h"
#include "host/segment/search/search_call.h"
#include "host/segment/search/top_k.h"

namespace rhumb::segment {

// The rows to look at: slots in [first, end) whose bit is set in `pass`, that is, live rows or
// those that a filter let through.
struct ScanRange {
  uint32_t first = 0, end = 0;
  std::span<const uint64_t> pass;
};

// Fails with kTimeout or kCancelled when the search must end.
base::Status interrupted(const SearchCall& call);

inline constexpr uint32_t kBatchSlots = 256;  // compared between two checks of the deadline

// Passes the slots of the range that have the vector to fn(slots) -> Status, in ascending batches.
template <typename Fn>
base::Status for_batches(const ScanRange& range, const VectorColumn& column, Fn&& fn) {
  std::array<uint32_t, kBatchSlots> batch;
  uint32_t n = 0;
  for (size_t w = range.first / 64; w < words_for(range.end); ++w) {
    uint64_t word = (w < range.pass.size() ? range.pass[w] : 0) & column.present_word(w);
    if (w == range.first / 64) word &= ~0ull << (range.first % 64);
    if (w == range.end / 64) word &= (1ull << (range.end % 64)) - 1;
    for (; word != 0; word &= word - 1) {
      batch[n++] = static_cast<uint32_t>(w * 64) + static_cast<uint32_t>(std::countr_zero(word));
      if (n < kBatchSlots) continue;
      RHUMB_TRY(fn(std::span<const uint32_t>(batch.data(), n)));
      n = 0;
    }
  }
  return n > 0 ? fn(std::span<const uint32_t>(batch.data(), n)) : base::ok();
}

// Both push at most k hits per range into `top` and return the number of rows looked at. They fail
// with kTimeout or kCancelled.
base::Result<uint64_t> scan_exact(const VectorColumn& column, const SearchCall& call,
                                  const ScanRange& range, TopK& top);
// Finds the same hits, by codes where there are some: rows are compared exactly unless their codes
// leave no doubt that they are too far away.
base::Result<uint64_t> scan_coded(const VectorColumn& column, const SearchCall& call,
                                  const ScanRange& range, TopK& top);

}  // namespace rhumb::segment
