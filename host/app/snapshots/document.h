// What a snapshot says about itself (docs/formats/snapshot.md): the collections that it holds, with
// their configuration, and where the image of each shard lies in the archive.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/base/limits.h"
#include "host/base/status.h"
#include "host/model/topology.h"

namespace rhumb::app {

inline constexpr uint32_t kSnapshotFormat = 1;
inline constexpr char kSnapshotDocument[] = "snapshot.json";
inline constexpr uint64_t kMaxSnapshotDocumentBytes = 256 * base::limits::kMiB;

enum class SnapshotKind : uint8_t { kShard, kCollection, kFull };
std::string_view words(SnapshotKind kind);  // "a shard"

struct SnapshotShard {
  uint32_t ordinal = 0;   // within the collection
  std::string directory;  // of its image, relative to the archive
  std::string image;      // the UUID of the image
  uint64_t applied_index = 0, points = 0;
};

struct SnapshotCollection {
  std::string name, uuid, router;
  model::CollectionConfig config;
  uint32_t shard_count = 1;            // of the collection; a shard's snapshot has one of them
  std::vector<model::BucketRun> runs;  // a run's shard is an ordinal
  std::vector<SnapshotShard> shards;
};

struct SnapshotDocument {
  SnapshotKind kind = SnapshotKind::kCollection;
  std::vector<SnapshotCollection> collections;
  std::map<std::string, std::string> aliases;  // of the full storage, from alias to collection
};

std::string to_text(const SnapshotDocument& document);
// Reads the document of an unpacked archive. kUnsupported names both formats if it is not
// kSnapshotFormat; kInvalid means that the archive is no snapshot, or not as it was written.
base::Result<SnapshotDocument> read_snapshot_document(const std::string& directory);

}  // namespace rhumb::app
