/* Rhumb plugin SDK: index engines. One instance serves one named vector of one segment.  DRAFT (see draft.h).
 *
 * Segments, slots, deletes, payloads and threads are the host's. A slot is a u32, append-only and never reused within a segment;
 * deletes arrive as live bits, filters as bits or sorted slots with an exact count. The vectors are the host's too: the instance reads
 * them through the chunk table it was opened with and does not copy them unless its README says so. All files of an index are derived
 * data: the host rebuilds what is missing or damaged.
 *
 * Multivectors are split by the host: the slots of such an instance are their rows, and its queries are the rows of a query.
 *
 * Distances are "smaller is closer" for every metric: COSINE 1 - <a,b> on vectors the host has normalised, DOT -<a,b>,
 * EUCLID squared L2 (as rhumb_square_encode() of kernels.h writes squares beyond float32), MANHATTAN L1, HAMMING differing bits. All are
 * finite; the kernels see to it. The host turns them into the scores of its REST API. */
#ifndef RHUMB_INDEX_H
#define RHUMB_INDEX_H

#include "core.h"
#include "host.h"
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { RHUMB_F32 = 1, RHUMB_F16 = 2, RHUMB_U8 = 3, RHUMB_BIT = 4 };
enum { RHUMB_COSINE = 1, RHUMB_DOT = 2, RHUMB_EUCLID = 3, RHUMB_MANHATTAN = 4, RHUMB_HAMMING = 5 };
enum { RHUMB_FILTER_ALL = 0, RHUMB_FILTER_BITS = 1, RHUMB_FILTER_SLOTS = 2 };
enum { RHUMB_QUERY_EXACT = 1 };                             /* rhumb_query.flags */
enum { RHUMB_HITS_PARTIAL = 1, RHUMB_HITS_APPROXIMATE = 2 }; /* rhumb_hits.flags: deadline reached; scores not exact */
enum { RHUMB_CAP_INDEX_INSERT = 1 << 8 };                    /* ops.insert may run, and while searches run */

typedef struct rhumb_index rhumb_index_t;

/* Slot s lies at (const char *)chunks[s >> chunk_shift] + (s & ((1 << chunk_shift) - 1)) * stride (bytes).
 * PINNED until close. The table has room for the segment's maximum; entries are filled before build, insert or search name their slots;
 * rows never change once named. present: bit s set = slot s has this vector; NULL = all have it; bits of slots that were not named yet may
 * be set meanwhile, so a word is read by a relaxed atomic load (SlotFilter does). rows: slots filled at open. */
typedef struct rhumb_vectors {
  uint32_t struct_size, scalar, dim, chunk_shift;
  uint64_t rows, stride;
  const void *const *chunks;
  const uint64_t *present;
} rhumb_vectors_t;

/* BORROWED for the call. kind ALL: every live slot; BITS: bit s of bits (bit_count bits, the rest fail); SLOTS: pass_count ascending
 * slots. pass_count is exact, dead slots not counted. BITS and SLOTS hold live slots only. live: bits of live slots, NULL = all live;
 * covers bit_count slots when kind is ALL (later slots fail), so that a search sees exactly the view it was given. */
typedef struct rhumb_filter {
  uint32_t struct_size, kind;
  const uint64_t *bits;
  const uint32_t *slots;
  uint64_t bit_count, pass_count;
  const uint64_t *live;
} rhumb_filter_t;

/* base->data_dir non-empty: load what save() left there; RHUMB_CORRUPT or RHUMB_UNSUPPORTED = the host builds anew.
 * capacity_hint: slots expected at most. base->config_json: the collection's parameters, validated against describe()'s schema. */
typedef struct rhumb_index_open {
  uint32_t struct_size, metric;
  const rhumb_vectors_t *vectors;
  uint64_t capacity_hint;
  const rhumb_open_t *base;
} rhumb_index_open_t;

/* tick returns 0 to cancel the build (RHUMB_CANCELLED); it may be called from any of the build's threads. */
typedef struct rhumb_progress {
  uint32_t struct_size, threads;
  void *ctx;
  uint32_t(RHUMB_CALL *tick)(void *ctx, uint64_t done, uint64_t total);
} rhumb_progress_t;

/* vectors: query_count rows, in the scalar type and normalisation of the stored ones. ef: breadth of a graph search, 0 = the instance's
 * own. flags: RHUMB_QUERY_EXACT. recall: what a search without ef aims at, by what the instance knows of itself, 0 = the instance's
 * default; widen: factor on the breadth of such a search, 0 = 1. An engine without calibration knows no recall and obeys widen alone.
 * oversampling: of engines over codes, how many times k candidates are compared again by the vectors themselves, 0 = as the engine sees
 * fit, infinity = all that were found. */
typedef struct rhumb_query {
  uint32_t struct_size, k;
  rhumb_matrix_t vectors;
  uint64_t query_count;
  const rhumb_filter_t *filter;
  uint32_t ef, flags;
  rhumb_slice_t params_json;
  const rhumb_ext_t *ext;
  float recall, widen, oversampling, reserved;
} rhumb_query_t;

/* Caller-allocated: slots and distances hold query_count * k entries, counts query_count. Hits of query i start at i * k, closest first,
 * counts[i] of them. exact_distances, code_distances: work done, added up by the callee. */
typedef struct rhumb_hits {
  uint32_t struct_size, flags;
  uint32_t *slots;
  float *distances;
  uint32_t *counts;
  uint64_t exact_distances, code_distances;
} rhumb_hits_t;

typedef struct rhumb_index_ops {
  RHUMB_OPS_HEAD(rhumb_index_t, rhumb_index_open_t)
  /* [any-thread] JSON: {"metrics":[..],"scalars":[..],"parameters":<JSON schema>} */
  rhumb_status_t(RHUMB_CALL *describe)(const rhumb_host_t *, rhumb_buffer_t *json_out);
  /* [control] Indexes all present slots < slot_end that are live (live NULL = all), in parallel. Not while searches run. */
  rhumb_status_t(RHUMB_CALL *build)(rhumb_index_t *, const rhumb_call_t *, uint32_t slot_end, const uint64_t *live, const rhumb_progress_t *,
                                    rhumb_error_t *);
  /* [concurrent] RHUMB_CAP_INDEX_INSERT only. Ranges of calls that overlap in time are disjoint; searches may run meanwhile. */
  rhumb_status_t(RHUMB_CALL *insert)(rhumb_index_t *, const rhumb_call_t *, uint32_t slot_first, uint32_t slot_end, rhumb_error_t *);
  /* [concurrent] At most k live, present, passing slots per query; never fewer when that many have been indexed and pass. */
  rhumb_status_t(RHUMB_CALL *search)(rhumb_index_t *, const rhumb_call_t *, const rhumb_query_t *, rhumb_hits_t *out, rhumb_error_t *);
  /* [control] Writes files into the existing, empty directory dir and fsyncs them; the host renames the directory into place.
   * May run while searches run, not while build or insert runs. */
  rhumb_status_t(RHUMB_CALL *save)(rhumb_index_t *, rhumb_slice_t dir, rhumb_error_t *);
  /* [any-thread] JSON: {"rows":n,"built_through":slot,"bytes_resident":n,"bytes_mapped":n}; built_through: slots below are indexed. "calibration",
   * where it is known: [[ef, recall at 10], ..], rising. */
  rhumb_status_t(RHUMB_CALL *stats)(rhumb_index_t *, rhumb_buffer_t *json_out);
} rhumb_index_ops_t;

#ifdef __cplusplus
}
#endif
#endif
