// Taking over a graph under new slot numbers: what a merge starts from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.h"
#include "rhumb/index_merge.h"

namespace rhumb::coded {

// Copies nodes, codes and links of `from` into the empty `to`, which has room. A link to a node
// that was dropped is replaced by the closest of that node's own links (FreshDiskANN, arXiv
// 2105.09613, algorithm 4, on codes): its cost follows the dropped ones. Both graphs have the same
// codec and shape; nobody changes `from`, and nobody else sees `to` yet.
class Transplant {
 public:
  Transplant(const Graph& from, Graph& to, std::span<const uint32_t> slot_map)
      : from_(from), to_(to), map_(slot_map) {}

  // Two steps, for all old slots each, the first complete before the second. Each may be split over
  // threads by ranges of old slots.
  void copy_nodes(uint32_t first, uint32_t end);
  void copy_links(uint32_t first, uint32_t end);
  // After both: the entry point.
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
