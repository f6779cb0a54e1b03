// The store's parameters (config_json) and its fixed limits.
#pragma once

#include <cstdint>
#include <string_view>

namespace rhumb::sqlite {

inline constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB;
inline constexpr uint32_t kMaxTable = 1023;             // highest table number
inline constexpr uint64_t kMaxValueBytes = 512 * kMiB;  // SQLite's own limit is 1 GB
// Threads per process for the flushes and checkpoints of all stores.
inline constexpr uint32_t kBackgroundThreads = 2;
// A scan polls its deadline and cancellation after this many rows.
inline constexpr uint32_t kRowsBetweenPolls = 256;
// SQLite's default, pinned when the database is created.
inline constexpr uint64_t kPageBytes = 4096;
// When the WAL has this many times its checkpoint size, the rest is checkpointed under the write
// lock. At twice that, writers wait for the running checkpoint.
inline constexpr uint64_t kRestartFactor = 4;

struct Options {
  uint64_t cache_bytes = 2 * kMiB;            // largest page cache of each connection
  uint64_t wal_checkpoint_bytes = 16 * kMiB;  // bytes of write-ahead log between two checkpoints
  // Connections for get and scan, opened on demand. Further callers wait.
  uint32_t readers = 4;
};

// Throws RHUMB_INVALID for an unknown key or a value out of range. An empty text means defaults.
Options parse_options(std::string_view config_json);

}  // namespace rhumb::sqlite
