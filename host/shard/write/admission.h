// Whether a shard takes writes now. The leader asks before it proposes, because what is committed
// must be applied.
#pragma once

#include "host/base/status.h"
#include "host/model/operation.h"
#include "host/shard/background/indexer.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

// kBusy: too many rows wait for a graph. kNoSpace: the disk is nearly full, or the process has
// reached its memory limit. A fenced shard answers why.
base::Status admit(const Core& core, const Indexer& indexer, model::OperationKind kind);

}  // namespace rhumb::shard
