// What a request about snapshots is about: the collection, the shard or the storage of its path.
#pragma once

#include "host/archive/snapshot_name.h"
#include "host/http/rest/call.h"

namespace rhumb::http::rest::snapshots {

// kNotFound when the collection or the shard does not exist. An alias stands for its collection.
base::Result<archive::SnapshotScope> existing_scope(const CallPtr& x);
// Of a restore, which makes the collection if it does not exist. A shard has to exist.
base::Result<archive::SnapshotScope> target_scope(const CallPtr& x);
// kUnsupported unless there is an engine (RestOptions::snapshot_engine).
base::Status engine_serves(const CallPtr& x);

}  // namespace rhumb::http::rest::snapshots
