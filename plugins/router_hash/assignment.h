// Decides which shard owns which buckets: each shard gets its share, and no bucket moves without
// need.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rhumb/router.h"

namespace rhumb::router_hash {

// A pure function: the same input gives the same map on every node, whatever the order of the
// shards. The result covers all buckets in order, with equal neighbours merged. Shares follow the
// weights, rounded down or up; where rounding leaves a choice, the choice that moves fewer buckets
// is made.
//
// `now` is the present map. It is empty for a first map; otherwise it must cover all buckets in
// order (RHUMB_INVALID). `shards` must contain an active shard with a weight. Buckets of shards
// that are leaving or not listed are spread over the others.
std::vector<rhumb_bucket_run_t> assign(std::span<const rhumb_bucket_run_t> now,
                                       std::span<const rhumb_shard_t> shards);

}  // namespace rhumb::router_hash
