// The leader's part of a write: a filter becomes explicit ids and the versions at which the points
// were seen to match. Conditions on named points are not decided here; they travel in the command
// (docs/adr/0012).
#pragma once

#include <cstdint>
#include <span>

#include "host/base/status.h"
#include "host/model/operation.h"
#include "host/shard/read/read_context.h"
#include "host/shard/state/core.h"
#include "host/shard/write/resolution.h"

namespace rhumb::shard {

// Returns the points that the operation's filter selects in the newest view, or those that the
// operation names. `done_at` has the log indexes at which parts of the same operation were applied
// already; the points that those parts changed are left out.
base::Result<Resolution> resolve(Core& core, model::Operation operation, const ReadContext& context,
                                 std::span<const uint64_t> done_at);

}  // namespace rhumb::shard
