// Brings a shard from its directory to its state: what the key-value store holds, then the segments
// as far as they are durable, then the replay (replay.h).
#pragma once

#include <cstdint>
#include <memory>

#include "host/base/status.h"
#include "host/shard/state/apply_state.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

// Formats of a shard's directory (docs/formats/shard.md). An older one is upgraded when the shard
// is opened. From format 2 on the directory may have edits of its segments.
inline constexpr uint32_t kDirectoryFormat = 2, kOldestDirectoryFormat = 1;

// For a new shard: makes its directory with a manifest, durably. For an existing one: checks the
// manifest. Returns the index at which the shard's group has to begin because the shard was
// restored from an image; 0 if the group began.
base::Result<uint64_t> open_directory(const ShardOptions& options);
// Writes the manifest of a shard that was restored from an image, as of `begins_at`. 0 says that
// its group began; members of an existing manifest are kept.
base::Status write_directory_manifest(const std::string& directory, uint64_t shard,
                                      uint64_t begins_at);

// Fills apply_state from the key-value store and opens the segments with what is durable of them.
// kCorrupt names file and offset if durable data is damaged.
base::Status load_apply_state(Core& core, ApplyState& apply_state);

// Removes directories of segments that were begun but never committed. Call it only after the
// group's log was found to fit the key-value store: a store that lost its rows knows no segment,
// and the segments hold what can still be saved.
base::Status remove_unreferenced_files(const Core& core, const ApplyState& apply_state);

// Called when the state is at the key-value store's applied index. It checks the live rows, writes
// the lengths that the replay led to, loads the payload indexes, publishes, and lets readers in.
// Indexes that must be built again stay unready.
base::Status finish_recovery(Core& core, ApplyState& apply_state);

}  // namespace rhumb::shard
