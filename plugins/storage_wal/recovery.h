// Reads the log from disk into an index. It drops a torn tail and refuses damage.
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
  std::vector<uint64_t> ends;  // the end of the last valid batch of each segment
  // The end of the log's last valid batch; (0, 0) if there is no batch at all.
  Position end;
  uint64_t next_sequence = 1;
  uint64_t dropped_bytes = 0;  // size of a torn tail, up to its last byte that is not zero
};

// Changes nothing on disk. Throws RHUMB_CORRUPT with file and offset.
Recovered read_log(const std::string& dir);

}  // namespace rhumb::wal
