// Walks by the host's vectors themselves. This is for data that no code of a byte per component can
// order, and for vectors so short that a code would not be smaller. It is slower than codes,
// because more bytes are read, but its order is exact.
//
// EUCLID, COSINE and MANHATTAN use the SDK's kernels, whose results are never below zero. DOT needs
// two forms. A query orders rows by -<q, x>. Rows are compared with rows as Codec does it: with one
// more component, sqrt(M^2 - |x|^2), so that the graph is one of a metric (Bachrach et al., RecSys
// 2014); |x|^2 is kept by slot.
#pragma once

#include <cstdint>

#include "codes/kernels.h"
#include "rhumb/index.h"
#include "rhumb/kernels.h"

namespace rhumb::coded {

// A query for compare_floats(): what is compared with rows, and `query` of a Probe. All pointers
// are BORROWED.
struct FloatQuery {
  const rhumb_kernel_t* kernel;
  const rhumb_vectors_t* column;
  const void* vector;
  uint32_t inner_product;  // 1: DOT
  uint32_t is_row;         // 1: `vector` is a row, to be compared with rows
  float square, reach;     // for DOT between rows: |vector|^2, and M
};

// out[i] orders as the distance of slot ids[i]. Except for queries of DOT it holds the bits of a
// float that is not negative. Not-a-number becomes the farthest. `table` holds |x|^2 by slot.
void compare_floats(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                    uint32_t* out);

// Returns |x|^2 as a code keeps it.
float square_of_row(const void* row, uint32_t scalar, uint32_t dim);

}  // namespace rhumb::coded
