// When a sealed segment was last read as a whole, and how far the present reading has come. It lies
// in the segment's directory (docs/formats/segment.md). Losing it costs one more reading.
#pragma once

#include <cstdint>
#include <string>

#include "host/base/status.h"

namespace rhumb::shard {

struct ScrubRecord {
  uint64_t intact_at = 0;  // seconds since 1970: when the last whole reading ended
  uint64_t blocks = 0;     // of the present reading, over all files in their order
};

// If there is no usable record, the segment was last known to be intact when it was sealed.
ScrubRecord read_scrub_record(const std::string& segment_directory);
base::Status write_scrub_record(const std::string& segment_directory, const ScrubRecord& record);

}  // namespace rhumb::shard
