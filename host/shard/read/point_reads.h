// Reading points by id, in the order of ids, and counting them. Any thread; each read takes its own
// view.
#pragma once

#include <cstdint>
#include <vector>

#include "host/base/status.h"
#include "host/model/query.h"
#include "host/shard/read/read_context.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

// In the order asked; points that do not exist are left out. kTooLarge: they would be more than
// kMaxReplyBytes.
base::Result<std::vector<model::Record>> get_points(Core& core, const model::GetRequest& request,
                                                    const ReadContext& context);
// A page in the order of ids. It ends early with the point whose text goes beyond kMaxReplyBytes.
base::Result<std::vector<model::Record>> scroll_points(Core& core,
                                                       const model::ScrollRequest& request,
                                                       const ReadContext& context);
base::Result<uint64_t> count_points(Core& core, const model::CountRequest& request,
                                    const ReadContext& context);

}  // namespace rhumb::shard
