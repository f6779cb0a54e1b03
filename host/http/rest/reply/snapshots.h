// Writes the descriptions of snapshots as JSON.
#pragma once

#include <string>
#include <vector>

#include "host/archive/snapshot_store.h"

namespace rhumb::http::rest {

// {"name","creation_time","size","checksum"}; an unknown checksum is null.
std::string snapshot_json(const archive::SnapshotFile& snapshot);
std::string snapshots_json(const std::vector<archive::SnapshotFile>& snapshots);

}  // namespace rhumb::http::rest
