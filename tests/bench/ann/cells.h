// Filters of all kinds: points that pass are spread at random, or are whole clusters, where the
// query lies (with) or elsewhere (against).
#pragma once

#include <string>
#include <vector>

#include "tests/bench/ann/peer.h"

namespace rhumb::bench {

struct Cell {
  std::string name;  // "random 10 %", "with 10 %", "against 10 %"
  Subset subset;
  Matrix<float> queries;
  Matrix<int32_t> truth;  // exact, of those that pass
};

// Seeded; the same for the same base.
std::vector<Cell> make_cells(const Base& base, const Matrix<float>& queries, uint32_t k);

}  // namespace rhumb::bench
