// Data that codes cannot order, such as people store beside well-behaved embeddings. Seeds are
// fixed. Queries come from outside the base unless a shape says otherwise.
#pragma once

#include <cstdint>
#include <span>

#include "rhumb/index.h"
#include "tests/bench/data_set.h"

namespace rhumb::bench {

struct Sizes {
  uint32_t rows, queries;
};

struct Shape {
  const char* name;
  const char* what;  // description for the page
  uint32_t metric, dim;
  uint64_t seed;
  // Rows are normalised for RHUMB_COSINE, except those that are zero.
  DataSet (*make)(const Shape&, const Sizes&);
};

std::span<const Shape> hostile_shapes();

}  // namespace rhumb::bench
