// Restores what an unpacked archive holds: verifies it, fills the directories of new shards, and
// then changes the map with one command for each collection. Until that command, nothing that
// serves is touched. A crash before it leaves directories that no map names, which the next start
// removes.
#pragma once

#include "host/app/snapshots/parts.h"

namespace rhumb::app {

// Blocks until the restored shards serve. `directory` holds the unpacked archive. kInvalid says in
// what the archive is damaged or does not fit to the scope, the collection or this release.
base::Status restore_snapshot(const SnapshotParts& parts, const archive::SnapshotScope& scope,
                              const std::string& directory);

}  // namespace rhumb::app
