// What a read is bounded by, handed down from the request.
#pragma once

#include <atomic>
#include <cstdint>

#include "host/base/clock.h"
#include "host/base/status.h"

namespace rhumb::shard {

struct ReadContext {
  base::Deadline deadline;
  const std::atomic<bool>* cancelled = nullptr;
  // What is left of kMaxReplyBytes for all searches of one message; null: this read has all of it.
  uint64_t* bytes_left = nullptr;
};

// kCancelled or kTimeout, which names what did not end; ok: the read goes on.
base::Status interrupted(const ReadContext& context, const char* what);

}  // namespace rhumb::shard
