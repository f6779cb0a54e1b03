// Where a test finds what the build made. The absolute paths are compiled into places.cc alone, so
// that the compiler cache of one clone serves the tests of every other.
#pragma once

#include <string>

namespace rhumb::places {

std::string source();   // the repository
std::string build();    // the build directory
std::string plugins();  // the directory of the server's plugins
// The server's plugin of this name, as in plugin("index_hnsw").
std::string plugin(const std::string& name);
// The consensus engine with planted faults.
std::string planted_consensus();

}  // namespace rhumb::places
