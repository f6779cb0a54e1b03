// Filters of all kinds: the passing points are spread at random, or they are whole clusters where
// the query lies (with) or elsewhere (against).
#pragma once

#include <string>
#include <vector>

#include "tests/bench/ann/peer.h"

namespace rhumb::bench {

struct Cell {
  std::string name;  // "random 10 %", "with 10 %", "against 10 %"
  Subset subset;
  Matrix<float> queries;
  Matrix<int32_t> truth;  // the exact neighbours among the passing points
};

// The result depends only on the base, because the seed is fixed.
std::vector<Cell> make_cells(const Base& base, const Matrix<float>& queries, uint32_t k);

}  // namespace rhumb::bench
