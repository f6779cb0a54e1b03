#include "host/cli/size_estimate.h"

namespace rhumb::cli {
namespace {

// docs/formats/segment.md
constexpr double kRowBytes = 64, kIdBytes = 9;  // of an id that is a number
// docs/formats/shard.md: the row in the table of points, with what SQLite adds to it.
constexpr double kStoreBytes = 60;
// docs/formats/rhumb_graph.md: m = 16 makes 32 links at level 0, and one row in sixteen has links
// above it.
constexpr double kLinkBytes = 32 * 4, kUpperBytes = 16 * 4 / 16.0, kLevelBytes = 1;
// Sixteen more links of a row, while the graph takes rows in (docs/INDEX_ENGINE.md, "Slack").
constexpr double kSlackBytes = 16 * 4;
constexpr uint64_t kLine = 64, kBitsFromDim = 512, kBitTailBytes = 16;
constexpr double kLengthBytes = 4;  // of a row that is compared by its vector
// A process without data, and a shard without points.
constexpr double kShardMemory = 8 << 20;

uint64_t rounded_up(uint64_t n, uint64_t to) { return (n + to - 1) / to * to; }

double code_bytes(const SizeQuestion& q) {
  if (q.dim * q.scalar_bytes <= kLine) return kLengthBytes;
  const uint64_t width = rounded_up(q.dim, kLine);
  const uint64_t bits = q.dim < kBitsFromDim ? 0 : rounded_up(width / 8 + kBitTailBytes, kLine);
  return static_cast<double>(width + bits);
}

}  // namespace

SizeEstimate estimate_size(const SizeQuestion& q) {
  SizeEstimate out;
  const double vector = static_cast<double>(q.dim * q.scalar_bytes), codes = code_bytes(q),
               links = kLinkBytes + kUpperBytes + kLevelBytes;
  out.of_point = {{"vector", vector, 0},
                  {"payload", static_cast<double>(q.payload_bytes), 0},
                  {"row and id", kRowBytes + kIdBytes, 0},
                  {"key-value store", kStoreBytes, 0},
                  {"codes", codes, codes},
                  {"links of the graph", links, links},
                  {"links while it grows", 0, kSlackBytes}};
  for (const SizePart& part : out.of_point) {
    out.disk_of_point += part.disk;
    out.memory_of_point += part.memory;
  }
  const double points = static_cast<double>(q.points * q.replicas);
  out.disk = points * out.disk_of_point;
  out.memory =
      points * out.memory_of_point + kShardMemory * static_cast<double>(q.shards * q.replicas);
  out.mapped = points * (vector + kRowBytes);
  return out;
}

}  // namespace rhumb::cli
