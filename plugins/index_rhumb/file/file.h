// The graph's file holds the arrays as they are in memory, so that they can be mapped.
// docs/formats/rhumb_graph.md describes it byte by byte.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/engine.h"

namespace rhumb::coded {

struct LoadedGraph {
  std::unique_ptr<Trained> trained;  // null: too few rows for a graph
  uint32_t built_through = 0;
};

// Writes the nodes below `built_through` and the links among them, and syncs the file and its
// directory. `trained` may be null. No thread adds or links nodes meanwhile.
void save_graph(const std::string& dir, uint32_t metric, const rhumb_vectors_t& column,
                const Trained* trained, uint32_t built_through);
// Loads a graph that save_graph() wrote, either mapped or into memory, after checking every byte's
// checksum and every link. Damage throws RHUMB_CORRUPT and never crashes. An undamaged file of
// another metric, scalar type, dimension or format throws RHUMB_UNSUPPORTED. The numbers of links
// and the kinds of codes come from the file, even if the options differ.
LoadedGraph load_graph(const std::string& dir, uint32_t metric, const rhumb_vectors_t& column,
                       const Options& options, const Kernels& kernels, const Host& host);

}  // namespace rhumb::coded
