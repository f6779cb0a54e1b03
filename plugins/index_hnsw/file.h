// The graph's file, a block file. Byte by byte: docs/formats/hnsw.md.
#pragma once

#include <cstdint>
#include <string>

#include "graph.h"

namespace rhumb::hnsw {

// What a graph is a graph of; a file is only good for the same.
struct GraphIdentity {
  uint32_t metric, scalar, dim;
};

// Writes the nodes below `built_through` and their links among each other, and syncs file and
// directory. No node is added meanwhile.
void save_graph(const std::string& dir, const GraphIdentity& identity, const Graph& graph,
                uint32_t built_through);
// Fills an empty graph; returns what it was built through. Everything is checked before it is used:
// RHUMB_CORRUPT, never a crash. RHUMB_UNSUPPORTED: a sound file of another metric, scalar type or
// dimension. The graph gets the file's m.
uint32_t load_graph(const std::string& dir, const GraphIdentity& identity,
                    const rhumb_vectors_t& column, Graph& graph);

}  // namespace rhumb::hnsw
