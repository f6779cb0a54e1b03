#include "host/shard/read/read_context.h"

#include <string>

namespace rhumb::shard {

base::Status interrupted(const ReadContext& context, const char* what) {
  if (context.cancelled != nullptr && context.cancelled->load(std::memory_order_relaxed))
    return {base::Code::kCancelled, std::string(what) + " was cancelled"};
  if (context.deadline.expired())
    return {base::Code::kTimeout, std::string(what) + " did not end in time"};
  return base::ok();
}

}  // namespace rhumb::shard
