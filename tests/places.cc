#include "tests/places.h"

namespace rhumb::places {

std::string source() { return RHUMB_SOURCE_DIR; }
std::string build() { return RHUMB_BINARY_DIR; }
std::string plugins() { return RHUMB_PLUGIN_DIR; }
std::string plugin(const std::string& name) { return plugins() + "/" + name + ".so"; }
std::string planted_consensus() {
  return build() + "/plugins/consensus_raft/consensus_raft_planted.so";
}

}  // namespace rhumb::places
