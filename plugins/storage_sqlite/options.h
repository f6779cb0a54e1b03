// The store's parameters (config_json) and its fixed limits.
#pragma once

#include <cstdint>
#include <string_view>

namespace rhumb::sqlite {

inline constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB;
inline constexpr uint32_t kMaxTable = 1023;             // table numbers
inline constexpr uint64_t kMaxValueBytes = 512 * kMiB;  // SQLite's own limit is 1 GB
// of the process: flushes and checkpoints of all stores
inline constexpr uint32_t kBackgroundThreads = 2;
inline constexpr uint32_t kRowsBetweenPolls = 256;  // of a scan: deadline and cancellation
// SQLite's default, pinned when the database is made
inline constexpr uint64_t kPageBytes = 4096;
// a WAL this many times its checkpoint size is caught up under the write lock; at twice that,
// writers wait for the checkpoint that runs
inline constexpr uint64_t kRestartFactor = 4;

struct Options {
  uint64_t cache_bytes = 2 * kMiB;            // page cache of each connection, at most
  uint64_t wal_checkpoint_bytes = 16 * kMiB;  // of write-ahead log between two checkpoints
  // connections for get and scan, opened on demand; more callers wait
  uint32_t readers = 4;
};

// RHUMB_INVALID for an unknown key or a value out of range. Empty text = defaults.
Options parse_options(std::string_view config_json);

}  // namespace rhumb::sqlite
