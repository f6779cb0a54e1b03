// The log's parameters (config_json) and its fixed limits.
#pragma once

#include <cstdint>
#include <string_view>

namespace rhumb::wal {

inline constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB;
inline constexpr uint64_t kMinSegmentBytes = 64 * kKiB, kMaxSegmentBytes = 1024 * kMiB;
// One append with its headers; a large append gets a segment of its own size.
inline constexpr uint64_t kMaxAppendBytes = 1024 * kMiB;
// Appends join one batch up to this size.
inline constexpr uint64_t kMaxBatchBytes = 8 * kMiB;
// This rest of each segment is kept for releases, drops and markers when the disk is full.
inline constexpr uint64_t kReserveBytes = 4 * kKiB;
// An oldest segment with at most this part of a segment's size in live records is emptied at once.
// Few records of idle groups would otherwise keep whole files, which every start has to read.
inline constexpr uint64_t kSmallRestDivisor = 64;
// The janitor copies this many bytes to the head before appends get a turn.
inline constexpr uint64_t kCopyStepBytes = 1 * kMiB;
// Indexes between the first and the last live entry of a group.
inline constexpr uint64_t kMaxIndexSpan = uint64_t{1} << 26;
// After a full disk the janitor tries again this often.
inline constexpr uint32_t kStandbyRetryMs = 500;

enum class SyncPolicy : uint8_t { kAlways, kInterval, kNever };

struct Options {
  SyncPolicy sync = SyncPolicy::kAlways;
  uint32_t interval_ms = 100;  // time between syncs of kInterval; a power cut may lose as much
  uint64_t segment_bytes = 64 * kMiB;
  uint64_t queue_bytes = 128 * kMiB;  // accepted but not yet written; above it RHUMB_BUSY
  uint64_t cache_bytes = 16 * kMiB;   // newest batches, kept for readers
  uint64_t keep_segments = 8;         // older ones are emptied when that pays
};

// Throws RHUMB_INVALID for an unknown key or a value out of range. An empty text means defaults.
Options parse_options(std::string_view config_json);

}  // namespace rhumb::wal
