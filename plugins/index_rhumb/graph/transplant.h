// Copies a graph under new slot numbers. A merge starts with this.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.h"
#include "rhumb/index_merge.h"

namespace rhumb::coded {

// Copies nodes, codes and links of `from` into the empty graph `to`, which has room. A link to a
// dropped node is replaced by the closest of that node's own links (FreshDiskANN, arXiv 2105.09613,
// algorithm 4, on codes), so the cost depends on the number of dropped nodes. Both graphs have the
// same codec and shape. No thread changes `from`, and no other thread uses `to` yet.
class Transplant {
 public:
  Transplant(const Graph& from, Graph& to, std::span<const uint32_t> slot_map)
      : from_(from), to_(to), map_(slot_map) {}

  // Two steps, each for all old slots; the first must be complete before the second begins. Each
  // may be split over threads by ranges of old slots.
  void copy_nodes(uint32_t first, uint32_t end);
  void copy_links(uint32_t first, uint32_t end);
  // Called after both steps: sets the entry point.
  void finish();

 private:
  uint32_t mapped(uint32_t slot) const { return slot < map_.size() ? map_[slot] : RHUMB_NO_SLOT; }
  bool taken(uint32_t slot) const { return mapped(slot) != RHUMB_NO_SLOT; }
  void copy_row(uint32_t slot, uint32_t level);

  const Graph& from_;
  Graph& to_;
  const std::span<const uint32_t> map_;
};

}  // namespace rhumb::coded
