// From a shard's directory to its state: what the KV store says, segments as far as they are
// durable, then replay (replay.h).
#pragma once

#include <memory>

#include "host/base/status.h"
#include "host/shard/state/apply_state.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

// A new shard: its directory with a manifest, durable. An existing one: the manifest is checked.
base::Status open_directory(const ShardOptions& options);

// Fills the apply_state from the KV store and opens the segments with what is durable of them.
// kCorrupt with file and offset if durable truth is damaged.
base::Status load_apply_state(Core& core, ApplyState& apply_state);

// Removes directories of segments that were begun but never committed. Only once the group's log
// was found to fit the KV store: one that lost its rows knows no segment, and theirs is what can
// still be saved.
base::Status remove_unreferenced_files(const Core& core, const ApplyState& apply_state);

// The state is at the KV store's applied index: checks the live rows, writes the lengths that
// replay led to, brings the payload indexes back, publishes, and lets readers in. Indexes that must
// be built anew stay unready.
base::Status finish_recovery(Core& core, ApplyState& apply_state);

}  // namespace rhumb::shard
