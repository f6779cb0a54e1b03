#include "host/router/bucket_map.h"

#include <algorithm>
#include <map>
#include <string>

#include "rhumb/router.h"

namespace rhumb::router {

static_assert(model::kBuckets == RHUMB_BUCKETS);

base::Status check_map(std::span<const model::BucketRun> runs) {
  const base::Status status = model::check_runs(runs);
  return status.ok() ? status : base::internal(status.message());
}

uint64_t shard_of(std::span<const model::BucketRun> runs, uint32_t bucket) {
  RHUMB_ASSERT(bucket < RHUMB_BUCKETS && !runs.empty());
  const auto begins_later = [](uint32_t b, const model::BucketRun& run) { return b < run.first; };
  const auto after = std::upper_bound(runs.begin(), runs.end(), bucket, begins_later);
  RHUMB_ASSERT(after != runs.begin());
  return std::prev(after)->shard;
}

std::vector<ShardGroup> group_by_shard(std::span<const model::BucketRun> runs,
                                       std::span<const uint32_t> buckets) {
  std::map<uint64_t, std::vector<uint32_t>> by_shard;
  for (uint32_t i = 0; i < buckets.size(); ++i) by_shard[shard_of(runs, buckets[i])].push_back(i);
  std::vector<ShardGroup> groups;
  groups.reserve(by_shard.size());
  for (auto& [shard, positions] : by_shard) groups.push_back({shard, std::move(positions)});
  return groups;
}

}  // namespace rhumb::router
