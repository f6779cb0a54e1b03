// Makes a snapshot: takes an image of each shard, one after the other, and packs the images into
// one archive. Each image is exact at one index of its shard's log; writers are held back only
// while an image is begun (host/shard/image).
#pragma once

#include "host/app/snapshots/parts.h"

namespace rhumb::app {

// Blocks. kNoSpace when the images, which are packed afterwards, would not fit as they are.
base::Result<archive::SnapshotFile> make_snapshot(const SnapshotParts& parts,
                                                  const archive::SnapshotScope& scope);

}  // namespace rhumb::app
