// Reads points by id or in the order of ids, and counts them. Any thread; each read takes its own
// view.
#pragma once

#include <cstdint>
#include <vector>

#include "host/base/status.h"
#include "host/model/query.h"
#include "host/shard/read/read_context.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

// Returns the points in the order asked, without those that do not exist. kTooLarge means that they
// would be more than kMaxReplyBytes.
base::Result<std::vector<model::Record>> get_points(Core& core, const model::GetRequest& request,
                                                    const ReadContext& context);
// Returns a page in the order of ids. The page ends early with the point whose text goes beyond
// kMaxReplyBytes.
base::Result<std::vector<model::Record>> scroll_points(Core& core,
                                                       const model::ScrollRequest& request,
                                                       const ReadContext& context);
// Returns the content hashes of up to `limit` points in the order of ids, from the id with the key
// `first` on.
base::Result<std::vector<model::PointHash>> point_hashes(Core& core, const std::string& first,
                                                         uint32_t limit,
                                                         const ReadContext& context);
base::Result<uint64_t> count_points(Core& core, const model::CountRequest& request,
                                    const ReadContext& context);

}  // namespace rhumb::shard
