// Snapshots of a collection, of a shard and of the full storage: the routes. What is not served
// without an engine (RestOptions::snapshot_engine) answers 501.
#pragma once

#include "host/http/rest/call.h"

namespace rhumb::http::rest::snapshots {

// The scope is what the path names: a collection, a shard of it, or neither.
void list(const CallPtr& x);
void download(const CallPtr& x);
void remove(const CallPtr& x);
void create(const CallPtr& x);
void recover(const CallPtr& x);
void branch(const CallPtr& x);  // a second collection of the same points

}  // namespace rhumb::http::rest::snapshots
