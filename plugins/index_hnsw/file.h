// The graph's file, a block file. docs/formats/hnsw.md describes it byte by byte.
#pragma once

#include <cstdint>
#include <string>

#include "graph.h"

namespace rhumb::hnsw {

// What the graph was built over. A file can only be loaded for a column with the same identity.
struct GraphIdentity {
  uint32_t metric, scalar, dim;
};

// Writes the nodes below `built_through` and the links among them, and syncs the file and its
// directory. The caller adds no node meanwhile.
void save_graph(const std::string& dir, const GraphIdentity& identity, const Graph& graph,
                uint32_t built_through);
// Fills an empty graph, which takes its m from the file, and returns the slot that the graph was
// built through. Everything is checked before it is used: damage throws RHUMB_CORRUPT and never
// crashes. An undamaged file of another metric, scalar type or dimension throws RHUMB_UNSUPPORTED.
uint32_t load_graph(const std::string& dir, const GraphIdentity& identity,
                    const rhumb_vectors_t& column, Graph& graph);

}  // namespace rhumb::hnsw
