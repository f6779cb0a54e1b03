// Walking by the host's vectors themselves: for data that no code of a byte a component can order,
// and for vectors so short that a code would be no smaller. Slower than codes by what the vectors'
// bytes cost, and never wrong.
//
// EUCLID, COSINE and MANHATTAN are what the SDK's kernels answer, which is never below zero. DOT
// needs two forms. A query orders rows by
// -<q, x>. Rows among themselves are compared as Codec does it: with one component more, sqrt(M^2 -
// |x|^2), so that the graph is one of a metric (Bachrach et al., RecSys 2014); |x|^2 is kept by
// slot.
#pragma once

#include <cstdint>

#include "codes/kernels.h"
#include "rhumb/index.h"
#include "rhumb/kernels.h"

namespace rhumb::coded {

// What is compared with rows: `query` of Probe. BORROWED: all of it.
struct FloatQuery {
  const rhumb_kernel_t* kernel;
  const rhumb_vectors_t* column;
  const void* vector;
  uint32_t inner_product;  // 1: DOT
  uint32_t is_row;         // 1: `vector` is a row, to be compared with rows
  float square, reach;     // of DOT between rows: |vector|^2, M
};

// out[i] orders as the distance of slot ids[i] does; but for queries of DOT it is the bits of a
// float that is not negative. What is not a number is the farthest. table: |x|^2 by slot.
void compare_floats(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                    uint32_t* out);

// |x|^2, as a code keeps it.
float square_of_row(const void* row, uint32_t scalar, uint32_t dim);

}  // namespace rhumb::coded
