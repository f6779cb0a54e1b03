// Which shard owns which buckets: everybody gets his share, and nothing moves that need not.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rhumb/router.h"

namespace rhumb::router_hash {

// Pure: the same input gives the same map on every node, whatever the order of the shards. The
// result covers all buckets in order, equal neighbours merged. Shares are by weight, rounded down
// or up; where rounding leaves a choice, it is made so that fewer buckets move.
//   now     empty = a first map; else it must cover all buckets in order (RHUMB_INVALID)
//   shards  at least one is active and has a weight. Buckets of shards that leave or are not named
//   are spread over the others.
std::vector<rhumb_bucket_run_t> assign(std::span<const rhumb_bucket_run_t> now,
                                       std::span<const rhumb_shard_t> shards);

}  // namespace rhumb::router_hash
