// The names of snapshots and of the directories that they are kept in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/status.h"

namespace rhumb::archive {

// What a snapshot is of: a shard of a collection, a collection, or (with an empty collection) the
// full storage.
struct SnapshotScope {
  std::string collection;
  std::optional<uint64_t> shard;
};

// The directory of a scope, below the one of all snapshots: "", "books" or "books/shards/7". A
// collection whose name could not be a directory's gets an escaped one.
std::string snapshot_directory(const SnapshotScope& scope);

// "books-1-2026-11-30-08-15-00.snapshot", as the protocol names them; of a shard
// "books-shard-7-TIME.snapshot", of all "full-snapshot-TIME.snapshot". From `attempt` 2 on the
// number follows the time, for snapshots of the same second.
std::string snapshot_name(const SnapshotScope& scope, uint64_t node, uint64_t wall_ns,
                          uint32_t attempt);

// kInvalid for a name that could lead out of its directory or that no file could have. kNotFound
// for another one that does not end like a snapshot's.
base::Status check_snapshot_name(std::string_view name);

// "2026-11-30T08:15:00", UTC.
std::string creation_time_text(uint64_t wall_seconds);

inline constexpr std::string_view kSnapshotSuffix = ".snapshot";
inline constexpr std::string_view kChecksumSuffix = ".checksum";

}  // namespace rhumb::archive
