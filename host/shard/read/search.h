// Nearest neighbours over all segments of one view of a shard. Any thread.
#pragma once

#include <cstdint>

#include "host/base/status.h"
#include "host/model/query.h"
#include "host/shard/read/read_context.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

// The tail, that is, the rows that are not in the graph yet, and the time that a search spent on
// comparing them.
struct TailScan {
  uint64_t rows = 0, ns = 0;
};

// `widen` is the factor that the recall contract puts on the calibrated breadth of searches.
base::Result<model::SearchResult> search(Core& core, const model::SearchRequest& request,
                                         const ReadContext& context, float widen, TailScan* tail);

}  // namespace rhumb::shard
