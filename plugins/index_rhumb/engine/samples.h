// Queries that an index asks itself, with their exact answers: stored rows, which a walk must not
// return, and rows moved by the data's own spread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/calibration.h"
#include "engine/long_rows.h"
#include "graph/graph.h"
#include "rhumb/cpp/host.h"
#include "rhumb/cpp/indexed_ranges.h"

namespace rhumb::coded {

struct Sample {
  uint32_t slot = kNoLink;             // the row that searches and must not be found; kNoLink: none
  std::vector<char> moved;             // for a moved row: the query
  uint32_t closest[kCalibrationHits];  // its true neighbours, closest first
  uint32_t count = 0;
  // Distance of the last neighbour, as the column's kernel measures it.
  float farthest = 0;

  const void* vector(const rhumb_vectors_t& column) const {
    return moved.empty() ? row_of(column, slot) : moved.data();
  }
};

// A filter that passes the rows which can be found through a graph now.
class NodeBits {
 public:
  NodeBits(const Graph& graph, std::span<const LongRows::Row> long_rows);
  NodeBits(const NodeBits&) = delete;
  NodeBits& operator=(const NodeBits&) = delete;
  const rhumb_filter_t& filter() const { return filter_; }
  std::span<const SlotRange> range() const { return {&range_, 1}; }
  std::vector<uint32_t> slots() const;

 private:
  std::vector<uint64_t> words_;
  SlotRange range_;
  rhumb_filter_t filter_{};
};

// Returns up to `most` different nodes of level 0, evenly spread. A stretch without such nodes
// gives none.
std::vector<Sample> stored_samples(const Graph& graph, const rhumb_vectors_t& column,
                                   uint32_t most);
// Returns up to `most` samples of `from` (whose neighbours are known), each moved half of the way
// to its last neighbour. A row that has only copies near it is moved by the distance of another
// sample from its neighbour. For COSINE the results are normalised. Rows of HAMMING are not moved.
std::vector<Sample> moved_samples(const rhumb_vectors_t& column, uint32_t metric,
                                  std::span<const Sample> from, uint32_t most);
// Whether the row has a copy. Such a row is found so easily that it says nothing about recall.
bool has_copy(const rhumb_vectors_t& column, const Sample& sample);
// Compares every row of the ranges that passes (null: all rows) with every sample, on the host's
// threads.
void answer_exactly(std::span<Sample> samples, const rhumb_kernel_t& kernel,
                    const rhumb_vectors_t& column, std::span<const SlotRange> ranges,
                    const rhumb_filter_t* filter, const rhumb_call_t* call, const Host& host);

}  // namespace rhumb::coded
