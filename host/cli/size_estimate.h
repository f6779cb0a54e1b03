// How many bytes a collection takes on disk and in memory, from the formats in docs/formats. It
// holds for the default engines and settings; a test compares it with a real collection.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rhumb::cli {

struct SizeQuestion {
  uint64_t points = 0, dim = 0, payload_bytes = 0;  // payload_bytes: of one point, as JSON
  uint64_t scalar_bytes = 4;                        // of one component
  uint64_t shards = 1, replicas = 1;
};

// Bytes of one point, or of the whole collection.
struct SizePart {
  std::string name;
  double disk = 0, memory = 0;  // memory: what no file backs, as memory.limit_bytes counts it
};

struct SizeEstimate {
  std::vector<SizePart> of_point;
  double disk_of_point = 0, memory_of_point = 0;
  double disk = 0, memory = 0;  // of all replicas together
  double mapped = 0;            // of `disk`: pages of files that searches read
};

SizeEstimate estimate_size(const SizeQuestion& question);

}  // namespace rhumb::cli
