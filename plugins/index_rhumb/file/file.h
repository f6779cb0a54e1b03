// The graph's file: the arrays as they are in memory, to be mapped. Byte by byte:
// docs/formats/rhumb_graph.md.
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

// Writes the nodes below `built_through` and their links among each other, and syncs file and
// directory. trained may be null. No node is added or linked meanwhile.
void save_graph(const std::string& dir, uint32_t metric, const rhumb_vectors_t& column,
                const Trained* trained, uint32_t built_through);
// Takes what save_graph() wrote, mapped or into memory, after checking every byte's checksum and
// every link: RHUMB_CORRUPT, never a crash. RHUMB_UNSUPPORTED: a sound file of another metric,
// scalar type, dimension or format. Numbers of links and the kinds of codes are the file's,
// whatever the options say.
LoadedGraph load_graph(const std::string& dir, uint32_t metric, const rhumb_vectors_t& column,
                       const Options& options, const Kernels& kernels, const Host& host);

}  // namespace rhumb::coded
