// The metadata's state in memory: a cluster map, and the pure function that applies a command to
// it. Nothing here uses disks or threads.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "host/base/status.h"
#include "host/model/topology.h"
#include "host/placement/command.h"

namespace rhumb::placement {

// What a command did. `status` is the answer for its proposer. A refused command changes nothing
// but the version.
struct Outcome {
  base::Status status;
  bool changed = false;
  std::set<std::string> collections, aliases;  // names whose row was changed or removed
};

// Applies `command`, which has log index `index`, to `map`. The map then has version `index`.
Outcome apply(model::ClusterMap& map, uint64_t index, const Command& command);

}  // namespace rhumb::placement
