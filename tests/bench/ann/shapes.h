// Data that makes an index blind: what people store beside well-behaved embeddings. Seeds are
// fixed, queries come from outside the base unless a shape says otherwise.
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
  const char* what;  // for the page
  uint32_t metric, dim;
  uint64_t seed;
  // rows are normalised for RHUMB_COSINE, but for those that are zero
  DataSet (*make)(const Shape&, const Sizes&);
};

std::span<const Shape> hostile_shapes();

}  // namespace rhumb::bench
