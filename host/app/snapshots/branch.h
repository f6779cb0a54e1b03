// Makes a second collection of the points that a collection has now. Both share the files that are
// never written again, and each lives on alone.
#pragma once

#include "host/app/snapshots/parts.h"

namespace rhumb::app {

// Blocks until the branch serves. kNotFound: there is no such collection. kExists: `name` is taken.
base::Status branch_collection(const SnapshotParts& parts, const std::string& collection,
                               const std::string& name);

}  // namespace rhumb::app
