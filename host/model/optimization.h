// The merges of a shard's segments, as GET /collections/{c}/optimizations shows them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "host/base/bytes.h"
#include "host/base/status.h"

namespace rhumb::model {

struct OptimizedSegment {
  std::array<uint8_t, 16> uuid{};
  uint64_t points = 0;  // live ones
};
// A merge of segments that runs, that is done, or that waits.
struct Optimization {
  std::array<uint8_t, 16> uuid{};  // of the segment that it makes
  std::string optimizer;           // "vacuum" (dead rows) or "merge"
  std::string reason, phase;
  std::string error;  // why it failed, or what it waits for
  std::vector<OptimizedSegment> segments;
  uint64_t started_ms = 0, ended_ms = 0;  // since 1970; one that waits has neither
  uint64_t done = 0, total = 0;           // rows
  bool running() const { return started_ms > 0 && ended_ms == 0; }
};

struct ShardOptimizations {
  uint64_t shard = 0;
  std::vector<Optimization> optimizations;  // the oldest first
  std::vector<OptimizedSegment> idle_segments;
};

void encode(const ShardOptimizations& v, base::ByteWriter& out);
base::Result<ShardOptimizations> decode_shard_optimizations(base::ByteReader& in);

}  // namespace rhumb::model
