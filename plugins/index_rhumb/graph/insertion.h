// Adds nodes to a graph, from several threads at once and while searches run. It also links nodes
// that no walk reaches.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include "codes/codec.h"
#include "engine/long_rows.h"
#include "graph/graph.h"
#include "graph/walk.h"

namespace rhumb::coded {

// A node that is not in the graph yet.
struct PlannedNode {
  uint32_t slot = 0, level = 0;
  std::vector<std::vector<uint32_t>> links;  // by level, as far up as the graph goes
};

class Insertion {
 public:
  Insertion(Graph& graph, const Codec& codec, LongRows& long_rows, const rhumb_vectors_t& column,
            uint32_t ef)
      : graph_(graph), codec_(codec), long_rows_(long_rows), column_(column), ef_(ef) {}

  // Thread-safe for different slots that have room. A slot that already has a node is left alone.
  // All searches end before anything is changed, so a cancelled call leaves the graph as it was.
  void add(uint32_t slot, Pacer& pacer, Scratch& scratch);

  // Thread-safe. Writes the codes of a slot without a node and chooses its links. The caller then
  // creates the node.
  PlannedNode plan(uint32_t slot, Pacer& pacer, Scratch& scratch);

  // Links every node that cannot be reached from the entry point. No thread adds nodes meanwhile;
  // searches may run. Returns how many nodes were linked, in all passes.
  uint64_t reconnect(Pacer& pacer, Scratch& scratch);

  // The number of rows added here so far whose codes are unreliable because the rows lie beyond the
  // codes' range.
  uint64_t clipped() const noexcept { return clipped_.load(std::memory_order_relaxed); }
  void count_clipped(uint64_t rows) noexcept {
    clipped_.fetch_add(rows, std::memory_order_relaxed);
  }
  // Whether a row has no place in the graph: a row without a direction if only that counts, or, for
  // inner products, a row that went to LongRows.
  bool leaves_out(uint32_t slot);

 private:
  void encode(uint32_t slot, Scratch& scratch);
  // Returns candidates by level for a slot whose codes are written.
  std::vector<std::vector<WalkKey>> candidates(uint32_t slot, EntryPoint entry, uint32_t level,
                                               Pacer& pacer, Scratch& scratch);
  // What a walk sees of a row: its codes, or its numbers if there are no codes. BORROWED.
  std::string_view compared_bytes(uint32_t slot) const;
  // Returns the node that is to link to a node that no walk reaches.
  uint32_t place_of_lost(uint32_t slot, EntryPoint entry, Pacer& pacer, Scratch& scratch);

  Graph& graph_;
  const Codec& codec_;
  LongRows& long_rows_;
  const rhumb_vectors_t& column_;
  const uint32_t ef_;
  std::atomic<uint64_t> clipped_{0};
  std::mutex top_;  // held while a node is added that reaches above all others, or is the first
};

}  // namespace rhumb::coded
