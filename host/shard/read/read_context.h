// The bounds of a read, which come from the request.
#pragma once

#include <atomic>
#include <cstdint>

#include "host/base/clock.h"
#include "host/base/status.h"

namespace rhumb::shard {

struct ReadContext {
  base::Deadline deadline;
  const std::atomic<bool>* cancelled = nullptr;
  // What is left of kMaxReplyBytes for all searches of one message. With null this read may use all
  // of it.
  uint64_t* bytes_left = nullptr;
};

// Fails with kCancelled or kTimeout and names `what` in the text. OK means that the read goes on.
base::Status interrupted(const ReadContext& context, const char* what);

}  // namespace rhumb::shard
