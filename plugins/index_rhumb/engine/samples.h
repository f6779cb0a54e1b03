// Queries that an index asks itself, with their exact answers: stored rows that a walk passes by,
// and rows moved by the data's own spread.
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
  uint32_t slot = kNoLink;             // the row that asks and is not to be found; kNoLink: none
  std::vector<char> moved;             // of a row that was moved: the query
  uint32_t closest[kCalibrationHits];  // its true neighbours, closest first
  uint32_t count = 0;
  // how far the last of them is, as the column's kernel measures it
  float farthest = 0;

  const void* vector(const rhumb_vectors_t& column) const {
    return moved.empty() ? row_of(column, slot) : moved.data();
  }
};

// The rows that are found by way of a graph now, as a filter.
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

// Of the nodes at level 0, evenly spread, up to `most` that differ. Of a stretch without any, none.
std::vector<Sample> stored_samples(const Graph& graph, const rhumb_vectors_t& column,
                                   uint32_t most);
// Up to `most` of `from`, whose neighbours are known, each moved half of the way to the last of its
// neighbours; a row that has nothing but copies near it, as far as another sample is from its own.
// As COSINE wants them normalised. HAMMING's rows are not moved.
std::vector<Sample> moved_samples(const rhumb_vectors_t& column, uint32_t metric,
                                  std::span<const Sample> from, uint32_t most);
// A row that has copies is found too easily to say anything: it finds them.
bool has_copy(const rhumb_vectors_t& column, const Sample& sample);
// Compares every row of the ranges that passes (null: all) with every sample, on the host's
// threads.
void answer_exactly(std::span<Sample> samples, const rhumb_kernel_t& kernel,
                    const rhumb_vectors_t& column, std::span<const SlotRange> ranges,
                    const rhumb_filter_t* filter, const rhumb_call_t* call, const Host& host);

}  // namespace rhumb::coded
