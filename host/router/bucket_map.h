// Lookups in a map of bucket runs (model::Collection::runs). Pure functions; any thread may call
// them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/base/status.h"
#include "host/model/topology.h"

namespace rhumb::router {

// Checks that the runs cover all buckets in order without gaps. kInternal says where they do not.
base::Status check_map(std::span<const model::BucketRun> runs);

// The owner of a bucket, which must be below RHUMB_BUCKETS. The map must have passed check_map().
uint64_t shard_of(std::span<const model::BucketRun> runs, uint32_t bucket);

// The keys of a batch that belong to one shard, as positions in the batch in ascending order.
struct ShardGroup {
  uint64_t shard = 0;
  std::vector<uint32_t> positions;
};
// Returns one group for each shard that owns at least one of the buckets, in ascending order of
// shards. The map must have passed check_map().
std::vector<ShardGroup> group_by_shard(std::span<const model::BucketRun> runs,
                                       std::span<const uint32_t> buckets);

}  // namespace rhumb::router
