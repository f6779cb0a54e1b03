// The tables, keys and values of the shard's key-value store (docs/formats/shard.md). They are
// little-endian, but keys are big-endian where order matters.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/bytes.h"
#include "host/base/status.h"
#include "host/segment/format.h"

namespace rhumb::shard {

enum Table : uint32_t {
  kPoints = 1,    // id key -> PointRow
  kState = 2,     // "applied" -> AppliedState, "watermark" -> Watermark
  kLive = 3,      // be32 segment, be32 block -> 512 bytes of live bits
  kSegments = 4,  // be32 segment -> Lengths, as of the applied index
  // be64 applied index of a batch -> the client commands of level 1 in it. This table is only read.
  kCommands = 5,
  // be64 watermark, id key -> PointRow as of that watermark, for points that were changed or
  // deleted since.
  kUndo = 6,
  kHashes = 7,  // be32 bucket group -> sum of the content hashes of its points
  // be64 applied index of a batch -> the client commands in it, with their outcomes.
  kRequests = 8,
  kForwards = 9,  // be32 segment that an edit removed -> where its rows went (forwards.h)
};
inline constexpr char kAppliedKey[] = "applied";
inline constexpr char kWatermarkKey[] = "watermark";

// Where a point is stored. `segment` and `slot` belong to this replica alone; `version` and
// `content_hash` are the same on all replicas.
struct PointRow {
  uint32_t segment = 0, slot = 0;
  uint64_t version = 0;
  segment::Hash content_hash{};
  bool operator==(const PointRow&) const = default;
};
std::string encode(const PointRow& row);
base::Result<PointRow> decode_point_row(std::string_view bytes);

struct AppliedState {
  uint64_t index = 0;
  uint64_t points = 0;
  uint32_t next_segment = 1;
  uint64_t log_time_ms = 0;  // the largest clock of the commands applied
  // Requests that were applied up to this index are not known any more.
  uint64_t requests_forgotten = 0;
};
// The error for a row of a format that only a newer release knows.
base::Status newer_format(std::string_view row, uint64_t format, uint64_t known);

std::string encode(const AppliedState& state);
base::Result<AppliedState> decode_applied_state(std::string_view bytes);

std::string encode(const segment::Lengths& lengths);
base::Result<segment::Lengths> decode_lengths(std::string_view bytes);

// Everything up to `index` is durable in the columns, which had these `lengths` then. Replay starts
// after it.
struct Watermark {
  uint64_t index = 0;
  std::map<uint32_t, segment::Lengths> lengths;
};
std::string encode(const Watermark& watermark);
base::Result<Watermark> decode_watermark(std::string_view bytes);

std::string segment_key(uint32_t segment);
base::Result<uint32_t> parse_segment_key(std::string_view key);
std::string live_key(uint32_t segment, uint32_t block);
std::string index_key(uint64_t index);
std::string group_key(uint32_t bucket_group);
base::Result<uint32_t> parse_group_key(std::string_view key);
std::string undo_key(uint64_t watermark, std::string_view id_key);

}  // namespace rhumb::shard
