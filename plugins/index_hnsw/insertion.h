// Adds nodes to a graph, from several threads at once and while searches run.
#pragma once

#include <cstdint>
#include <mutex>

#include "graph.h"
#include "rhumb/cpp/exact_scan.h"
#include "traversal.h"

namespace rhumb::hnsw {

class Insertion {
 public:
  Insertion(Graph& graph, const rhumb_vectors_t& column, const rhumb_kernel_t& kernel)
      : graph_(graph), column_(column), kernel_(kernel) {}

  // Thread-safe for different slots that have room. A slot that already has a node is left alone.
  // The search for neighbours ends before anything is changed, so a cancelled call leaves the graph
  // as it was.
  void add(uint32_t slot, Pacer& pacer, Scratch& scratch);

 private:
  Graph& graph_;
  const rhumb_vectors_t& column_;
  const rhumb_kernel_t& kernel_;
  std::mutex top_;  // held while a node is added that reaches above all others, or is the first
};

}  // namespace rhumb::hnsw
