// Decides whether a shard takes writes now. The leader asks before it proposes, because a committed
// entry must be applied.
#pragma once

#include "host/base/status.h"
#include "host/model/operation.h"
#include "host/shard/background/indexer.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

struct DiskRoom {
  uint64_t free = 0, reserve = 0;  // writes are refused when less than the reserve is free
};
base::Result<DiskRoom> disk_room(const ShardOptions& options);

// kBusy means that too many segments wait to be merged, or too many rows for a graph. kNoSpace
// means that the disk is nearly full, or that the process has reached its memory limit. A fenced
// shard answers with the reason.
base::Status admit(const Core& core, const Indexer& indexer, model::OperationKind kind);

}  // namespace rhumb::shard
