// Adding nodes to a graph, from several threads at once and while searches run; and mending what no walk reaches.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "codec.h"
#include "graph.h"
#include "walk.h"

namespace rhumb::coded {

// A node before it is in the graph.
struct PlannedNode {
  uint32_t slot = 0, level = 0;
  std::vector<std::vector<uint32_t>> links;  // by level, as far up as the graph goes
};

class Insertion {
 public:
  Insertion(Graph& graph, const Codec& codec, const rhumb_vectors_t& column, uint32_t ef)
      : graph_(graph), codec_(codec), column_(column), ef_(ef) {}

  // [concurrent] for different slots, with room reserved. A slot that has a node is left alone. All searching is done before anything is
  // changed: a cancelled call leaves the graph as it was.
  void add(uint32_t slot, Pacer& pacer, Scratch& scratch);

  // [concurrent] Writes the codes of a slot without a node and chooses its links, for the caller to make the node.
  PlannedNode plan(uint32_t slot, Pacer& pacer, Scratch& scratch);

  // Links every node to which no way leads from the entry point. Nobody adds meanwhile; searches may run. Returns how many there were.
  uint64_t reconnect(Pacer& pacer, Scratch& scratch);

 private:
  void encode(uint32_t slot, Scratch& scratch);
  // Candidates by level for a slot whose codes are written.
  std::vector<std::vector<WalkKey>> candidates(uint32_t slot, EntryPoint entry, uint32_t level, Pacer& pacer, Scratch& scratch);

  Graph& graph_;
  const Codec& codec_;
  const rhumb_vectors_t& column_;
  const uint32_t ef_;
  std::mutex top_;  // held while a node is added that reaches above all others, or is the first
};

}  // namespace rhumb::coded
