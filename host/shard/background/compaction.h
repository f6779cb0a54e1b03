// When segments are merged, and what a merge may take.
#pragma once

#include <cstdint>

#include "host/base/limits.h"

namespace rhumb::shard {

// A segment is worth rewriting when its dead rows reach the share and dead_rows, or when the bytes
// of dead rows and overrides reach the share and dead_bytes.
struct CompactionOptions {
  bool enabled = true;
  double dead_share = 0.2;       // of a shard without changes for idle_ms
  double busy_dead_share = 0.5;  // of a shard that is written
  uint64_t dead_rows = 10'000;
  uint64_t dead_bytes = 4 * base::limits::kMiB;
  uint32_t fan_in = 4;  // so many segments of about one size become one
  // What a segment that a merge makes may hold.
  uint64_t max_rows = 1ull << 24;
  uint64_t max_bytes = 64 * base::limits::kGiB;
  uint32_t threads = 1;  // that build a graph
  uint32_t look_ms = 1000, idle_ms = 5000;
  // Rows of the key-value store that are rewritten at once after a merge. At most 1,000, because
  // the apply strand does nothing else meanwhile.
  uint32_t move_rows = 250;
};

// Overrides that an edit carries over while entries wait. When more have come, a round in the
// background takes them first, at most kMaxCatchUpRounds times.
inline constexpr uint64_t kMaxCarriedBytes = 256 * base::limits::kKiB;
inline constexpr uint32_t kMaxCatchUpRounds = 8;

}  // namespace rhumb::shard
