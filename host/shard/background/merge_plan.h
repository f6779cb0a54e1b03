// Which segments are worth merging. A pure function: it computes, and nothing else.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rhumb::shard {

struct MergeCandidate {
  uint32_t id = 0;
  uint64_t rows = 0, live = 0;
  uint64_t bytes = 0, override_bytes = 0;  // the second are part of the first
  bool sealed = false;
  bool open = false;  // rows are appended to it
};

struct MergeLimits {
  double dead_share = 0;                   // of the rows, or of the bytes with those of overrides
  uint64_t dead_rows = 0, dead_bytes = 0;  // one of them must be reached, too
  uint32_t fan_in = 4;
  uint64_t max_rows = 0, max_bytes = 0;  // of a merged segment
  uint64_t room_bytes = ~0ull;           // free on the disk beside the reserve
};

struct MergePlan {
  enum class Kind : uint8_t {
    kNothing,
    kDrop,   // the inputs have no live rows, so nothing takes their place
    kClose,  // the growing segment takes no more rows, so that it is sealed and can be merged
    kMerge,
  };
  Kind kind = Kind::kNothing;
  std::vector<uint32_t> inputs;
  bool merges_sizes = false;  // not because of dead rows
  std::string reason;
  std::string blocked;  // why something that is worth merging is not merged
};

// In this order: segments without live rows are dropped, a growing segment with many dead rows is
// closed, sealed ones with many dead rows are rewritten, and segments of about one size are merged.
MergePlan plan_merge(std::span<const MergeCandidate> segments, const MergeLimits& limits);

}  // namespace rhumb::shard
