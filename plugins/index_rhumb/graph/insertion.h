// Adding nodes to a graph, from several threads at once and while searches run; and mending what no
// walk reaches.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "codes/codec.h"
#include "engine/long_rows.h"
#include "graph/graph.h"
#include "graph/walk.h"

namespace rhumb::coded {

// A node before it is in the graph.
struct PlannedNode {
  uint32_t slot = 0, level = 0;
  std::vector<std::vector<uint32_t>> links;  // by level, as far up as the graph goes
};

class Insertion {
 public:
  Insertion(Graph& graph, const Codec& codec, LongRows& long_rows, const rhumb_vectors_t& column,
            uint32_t ef)
      : graph_(graph), codec_(codec), long_rows_(long_rows), column_(column), ef_(ef) {}

  // [concurrent] for different slots, with room reserved. A slot that has a node is left alone. All
  // searching is done before anything is changed: a cancelled call leaves the graph as it was.
  void add(uint32_t slot, Pacer& pacer, Scratch& scratch);

  // [concurrent] Writes the codes of a slot without a node and chooses its links, for the caller to
  // make the node.
  PlannedNode plan(uint32_t slot, Pacer& pacer, Scratch& scratch);

  // Links every node to which no way leads from the entry point. Nobody adds meanwhile; searches
  // may run. Returns how many there were.
  uint64_t reconnect(Pacer& pacer, Scratch& scratch);

  // Rows so far, of those that were added here, whose codes say little because they lie beyond the
  // codes' range.
  uint64_t clipped() const noexcept { return clipped_.load(std::memory_order_relaxed); }
  void count_clipped(uint64_t rows) noexcept {
    clipped_.fetch_add(rows, std::memory_order_relaxed);
  }
  // A row that has no place in the graph: one without a direction, where only that counts; of inner
  // products, one that went to LongRows.
  bool leaves_out(uint32_t slot);

 private:
  void encode(uint32_t slot, Scratch& scratch);
  // Candidates by level for a slot whose codes are written.
  std::vector<std::vector<WalkKey>> candidates(uint32_t slot, EntryPoint entry, uint32_t level,
                                               Pacer& pacer, Scratch& scratch);

  Graph& graph_;
  const Codec& codec_;
  LongRows& long_rows_;
  const rhumb_vectors_t& column_;
  const uint32_t ef_;
  std::atomic<uint64_t> clipped_{0};
  std::mutex top_;  // held while a node is added that reaches above all others, or is the first
};

}  // namespace rhumb::coded
