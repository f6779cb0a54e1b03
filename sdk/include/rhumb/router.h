/* Rhumb plugin SDK: routers. This header is a DRAFT: see draft.h.
 *
 * A router says which bucket a key belongs to, and this answer never changes. It also says which
 * shard owns which buckets, and moves as few of them as it can when the shards change. */
#ifndef RHUMB_ROUTER_H
#define RHUMB_ROUTER_H

#include "core.h"
#include "host.h"
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RHUMB_BUCKETS 4096u

typedef struct rhumb_router rhumb_router_t;

/* A LEAVING shard gives all its buckets away. The host does not send LEAVING yet. */
enum { RHUMB_SHARD_ACTIVE = 1, RHUMB_SHARD_LEAVING = 2 };
/* `weight` is the share of the buckets that a shard gets, relative to the others; `zone` is the
 * failure domain that the shard lies in. The host sends a weight of 1 and a zone of 0 so far. */
typedef struct rhumb_shard {
  uint64_t shard, weight;
  uint32_t zone, state;
} rhumb_shard_t;

/* The buckets [first, first + count) belong to `shard`. A map is a list of such runs that covers
 * [0, RHUMB_BUCKETS) in order. */
typedef struct rhumb_bucket_run {
  uint32_t first, count;
  uint64_t shard;
} rhumb_bucket_run_t;

typedef struct rhumb_router_ops {
  RHUMB_OPS_HEAD(rhumb_router_t, rhumb_open_t)
  /* [concurrent] Sets buckets[i] to the bucket of key i, which is an encoded point id. The bucket
   * is below RHUMB_BUCKETS. It is the address of the data, so it must never change, in any version
   * of the router and on any machine. */
  rhumb_status_t(RHUMB_CALL* place)(rhumb_router_t*, const rhumb_slice_t* keys, uint64_t n,
                                    uint32_t* buckets, rhumb_error_t*);
  /* [concurrent] Writes the new map over the ACTIVE shards. It moves as few buckets as it can from
   * the map `now`. A run_count of 0 asks for a first map. If the new map needs more than `capacity`
   * runs, the answer is RHUMB_OVER_LIMIT, and *out_count is the number of runs that it needs. */
  rhumb_status_t(RHUMB_CALL* assign)(rhumb_router_t*, const rhumb_bucket_run_t* now,
                                     uint64_t run_count, const rhumb_shard_t*, uint64_t shard_count,
                                     rhumb_bucket_run_t* out, uint64_t capacity,
                                     uint64_t* out_count, rhumb_error_t*);
} rhumb_router_ops_t;

#ifdef __cplusplus
}
#endif
#endif
