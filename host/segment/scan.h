// Comparing a query with the rows themselves: exactly, or by their 8-bit codes and then the best of them exactly.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "host/base/clock.h"
#include "host/base/status.h"
#include "host/segment/top_k.h"
#include "host/segment/vector_column.h"

namespace rhumb::segment {

// Rows to look at: slots in [first, end) whose bit is set in `pass` (live rows, or those that a filter let through).
struct ScanRange {
  uint32_t first = 0, end = 0;
  std::span<const uint64_t> pass;
};

struct ScanCall {
  const VectorColumn* column = nullptr;
  std::string_view query;
  uint32_t k = 0;
  base::Deadline deadline;
  const std::atomic<bool>* cancelled = nullptr;
};

// Both push at most k hits a range into `top` and return the number of vectors compared. kTimeout, kCancelled.
base::Result<uint64_t> scan_exact(const ScanCall& call, const ScanRange& range, TopK& top);
// Where there are codes; the rest exactly. The best kRescoreFactor * k by code are compared exactly.
base::Result<uint64_t> scan_coded(const ScanCall& call, const ScanRange& range, TopK& top);

}  // namespace rhumb::segment
