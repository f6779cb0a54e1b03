// Compares many queries with the rows of a column in one pass: a block of rows is compared with all
// queries while it is in the cache.
#pragma once

#include <cstdint>
#include <span>

#include "host/segment/columns/vector_column.h"
#include "host/segment/search/scan.h"
#include "host/segment/search/top_k.h"

namespace rhumb::segment {

struct BatchQuery {
  const void* bytes = nullptr;     // one row
  std::span<const uint64_t> pass;  // bits of the slots that count for this query
  bool all = false;                // `pass` includes the bits of all other queries
  TopK* top = nullptr;             // receives the closest rows
};

// Compares the slots in [first, end) that have the vector, by the column's kernel or by another one
// of the same scalar type. Returns the number of pairs that were compared. Not for multivectors.
uint64_t scan_batch(const VectorColumn& column, const rhumb_kernel_t& kernel,
                    std::span<const BatchQuery> queries, uint32_t first, uint32_t end);

}  // namespace rhumb::segment
