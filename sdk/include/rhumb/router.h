/* Rhumb plugin SDK: routers. Key -> bucket, for ever the same; buckets -> shards with the least movement.  DRAFT (see draft.h). */
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

enum { RHUMB_SHARD_ACTIVE = 1, RHUMB_SHARD_LEAVING = 2 };
typedef struct rhumb_shard {
  uint64_t shard, weight;
  uint32_t zone, state;
} rhumb_shard_t;

/* Buckets [first, first + count) belong to `shard`. A map is a run-length list that covers [0, RHUMB_BUCKETS) in order. */
typedef struct rhumb_bucket_run {
  uint32_t first, count;
  uint64_t shard;
} rhumb_bucket_run_t;

typedef struct rhumb_router_ops {
  RHUMB_OPS_HEAD(rhumb_router_t, rhumb_open_t)
  /* [concurrent] buckets[i] < RHUMB_BUCKETS for encoded id key i. Deterministic for ever: it is the data's address. */
  rhumb_status_t(RHUMB_CALL *place)(rhumb_router_t *, const rhumb_slice_t *keys, uint64_t n, uint32_t *buckets, rhumb_error_t *);
  /* [concurrent] The new map over the ACTIVE shards, moving as little as it can; run_count 0 = a first map.
   * RHUMB_OVER_LIMIT if more than capacity runs are needed (*out_count says how many). */
  rhumb_status_t(RHUMB_CALL *assign)(rhumb_router_t *, const rhumb_bucket_run_t *now, uint64_t run_count, const rhumb_shard_t *, uint64_t shard_count,
                                     rhumb_bucket_run_t *out, uint64_t capacity, uint64_t *out_count, rhumb_error_t *);
} rhumb_router_ops_t;

#ifdef __cplusplus
}
#endif
#endif
