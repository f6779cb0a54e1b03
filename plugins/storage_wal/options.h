// The log's parameters (config_json) and its fixed limits.
#pragma once

#include <cstdint>
#include <string_view>

namespace rhumb::wal {

inline constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB;
inline constexpr uint64_t kMinSegmentBytes = 64 * kKiB, kMaxSegmentBytes = 1024 * kMiB;
inline constexpr uint64_t kMaxAppendBytes =
    1024 * kMiB;  // of one append with its headers; it gets a segment of its own size
inline constexpr uint64_t kMaxBatchBytes = 8 * kMiB;  // appends join one batch up to this
inline constexpr uint64_t kReserveBytes =
    4 * kKiB;  // of each segment: for releases, drops and markers when the disk is full
// copied to the head before appends get a turn
inline constexpr uint64_t kCopyStepBytes = 1 * kMiB;
inline constexpr uint64_t kMaxIndexSpan =
    uint64_t{1}  // indexes between the first and the last live entry of a group
    << 26;
inline constexpr uint32_t kStandbyRetryMs = 500;  // after a full disk

enum class SyncPolicy : uint8_t { kAlways, kInterval, kNever };

struct Options {
  SyncPolicy sync = SyncPolicy::kAlways;
  uint32_t interval_ms = 100;  // of kInterval: at most this much is lost by a power cut
  uint64_t segment_bytes = 64 * kMiB;
  uint64_t queue_bytes = 128 * kMiB;  // accepted and not yet written: beyond, RHUMB_BUSY
  uint64_t cache_bytes = 16 * kMiB;   // of the newest batches, for readers
  uint64_t keep_segments = 8;         // the oldest one beyond these has outlived its limit
};

// RHUMB_INVALID for an unknown key or a value out of range. Empty text = defaults.
Options parse_options(std::string_view config_json);

}  // namespace rhumb::wal
