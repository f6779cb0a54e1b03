// The cluster as the metadata group knows it: nodes, collections, their shards, replicas and bucket
// runs. A map is immutable and versioned; its version is the index of the last metadata command
// that was applied. Each component holds a shared pointer to the newest map that it has seen.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/base/bytes.h"
#include "host/base/status.h"
#include "host/model/collection.h"

namespace rhumb::model {

inline constexpr uint64_t kMetadataGroup = 1;
inline constexpr uint64_t kFirstShard = 1024;
inline constexpr uint32_t kBuckets = 4096;  // bucket_of_key() returns [0, kBuckets)

struct Replica {
  uint64_t id = 0;  // Raft id, never reused
  uint64_t node = 0;
};
struct ShardPlacement {
  uint64_t shard = 0;  // equals the group id, never reused
  std::vector<Replica> replicas;
};
struct BucketRun {
  uint32_t first = 0, count = 0;
  uint64_t shard = 0;
};

struct Collection {
  std::string name;
  // A collection that is created again under the same name gets another UUID.
  std::string uuid;
  uint64_t config_version = 0;  // index of the last metadata command that changed it
  CollectionConfig config;
  std::string router = "hash";  // never changes, like the number of buckets
  std::vector<ShardPlacement> shards;
  std::vector<BucketRun> runs;  // cover [0, kBuckets) in order
  const ShardPlacement* shard(uint64_t id) const;
  uint64_t shard_of_bucket(uint32_t bucket) const;
};

struct Node {
  uint64_t id = 0;
  std::string address;  // empty: this process
};

struct ClusterMap {
  uint64_t version = 0;
  std::string cluster_uuid;
  std::map<uint64_t, Node> nodes;
  std::map<std::string, std::shared_ptr<const Collection>> collections;
  std::map<std::string, std::string> aliases;  // from alias to collection
  uint64_t next_shard = kFirstShard, next_replica = 2;
  // Finds a collection by name or alias. Returns nullptr if there is none.
  std::shared_ptr<const Collection> find(const std::string& name) const;
};

// Returns kCorrupt unless the runs follow one another and cover all buckets.
base::Status check_runs(std::span<const BucketRun> runs);

void encode(const Collection& collection, base::ByteWriter& out);
base::Result<Collection> decode_collection(base::ByteReader& in);
void encode(const ClusterMap& map, base::ByteWriter& out);
base::Result<ClusterMap> decode_cluster_map(base::ByteReader& in);

}  // namespace rhumb::model
