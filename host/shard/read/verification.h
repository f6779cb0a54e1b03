// Reads every point of a shard again and compares it with what the shard keeps about it: checksums,
// rows of the key-value store, and the sum of content hashes. It takes long, so call it on a
// background thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/shard/read/read_context.h"
#include "host/shard/state/content_hash.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

struct Verification {
  uint64_t applied = 0, points = 0;
  Hash kept{}, computed{};
  // Each problem names the file, the offset and what is wrong there. There are at most
  // kMaxVerifyProblems. Empty means that everything is as it should be.
  std::vector<std::string> problems;
  uint64_t more_problems = 0;  // those beyond kMaxVerifyProblems
  void note(const base::Status& problem);
};

// Damaged rows or files fence the shard. kBusy means that points change faster than they can be
// verified.
base::Result<Verification> verify(Core& core, const ReadContext& context);

}  // namespace rhumb::shard
