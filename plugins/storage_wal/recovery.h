// Reads what is on disk back into an index, and tells a torn tail (dropped) from damage (refused).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "format.h"
#include "index.h"
#include "segment.h"

namespace rhumb::wal {

struct Recovered {
  LogIndex index;
  std::vector<std::shared_ptr<Segment>> segments;  // ascending; the last ones may be empty
  std::vector<uint64_t> ends;                      // of each segment: behind its last good batch
  // behind the log's last good batch; (0, 0) = no batch at all
  Position end;
  uint64_t next_sequence = 1;
  uint64_t dropped_bytes = 0;  // of a torn tail, up to the last byte that is not zero
};

// Changes nothing on disk. Throws RHUMB_CORRUPT with file and offset.
Recovered read_log(const std::string& dir);

}  // namespace rhumb::wal
