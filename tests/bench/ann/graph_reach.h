#pragma once

#include <cstdint>
#include <string>

namespace rhumb::bench {

// Returns the number of nodes of a saved graph that cannot be reached from its entry point at level
// 0 (docs/formats/rhumb_graph.md).
uint32_t unreachable_in(const std::string& directory);

}  // namespace rhumb::bench
