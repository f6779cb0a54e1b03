/* Rhumb plugin SDK: index engines. This header is a DRAFT: see draft.h.
 *
 * One instance serves one named vector of one segment. The host owns segments, slots, deletes,
 * payloads and threads. A slot is a number of 32 bits. Slots are given out in ascending order and
 * are never reused within a segment. The host passes deletes as bits of live slots, and filters as
 * bits or as ascending slots with an exact count. The vectors belong to the host, too: an instance
 * reads them through the table of chunks that open() passes. It does not copy them unless its
 * README says so.
 *
 * All files of an index are derived data: the host builds again what is missing or damaged. Any
 * failure of an engine costs speed, never data: the host scans its own columns meanwhile.
 *
 * The host begins an index when a segment has enough rows (by default 10,000). It scans fewer rows
 * by itself. It also scans for exact searches, for filters that at most 1,000 slots pass, and for a
 * k beyond 65,536.
 *
 * A multivector has several rows for each point. The slots of such an instance are its rows, and
 * its queries are the rows of a query.
 *
 * A smaller distance is closer, for every metric:
 *   COSINE     1 - <a, b> of vectors that the host has normalised (U8 vectors are not normalised)
 *   DOT        -<a, b>
 *   EUCLID     |a - b|^2, as rhumb_square_encode() of kernels.h writes it
 *   MANHATTAN  the sum of |a[i] - b[i]|
 *   HAMMING    the number of bits that differ
 * All distances are finite. The functions of kernels.h see to that. The host turns distances into
 * the scores of its REST API.
 *
 * describe() answers a JSON object:
 *
 *   {"metrics": ["cosine", "dot", "euclid", "manhattan"],
 *    "scalars": ["f32", "f16", "u8"],
 *    "parameters": {"type": "object", "additionalProperties": false, "properties": {
 *      "m": {"type": "integer", "minimum": 2, "maximum": 256, "default": 16,
 *            "description": "Links of a node."}}}}
 *
 * "metrics" names some of cosine, dot, euclid, manhattan and hamming. "scalars" names some of f32,
 * f16, u8 and bit. The host opens an instance only for a metric and a scalar type that are listed.
 * "parameters" is a JSON schema of the object that open() receives as base->config_json. The host
 * reads this part of the schema:
 *   properties            an object that maps each name to the schema of that parameter
 *     type                "integer", "number", "boolean" or "string"; it must be there
 *     minimum, maximum    the bounds of a number
 *     enum                the words that are allowed, for the type "string" only
 *   required              a list of parameters that must be there
 *   additionalProperties  false: other names are refused
 * The rest ("default", "description" and so on) is for people. The host never opens an engine that
 * requires a parameter outside the list below, because it has no other source of parameters. It
 * does not use an engine whose schema has a property without a known type, a bound that is no
 * number, or an "enum" of another type. GET /plugins lists the engines that were loaded. The host's
 * log says why indexing failed.
 *
 * The host sends these parameters, which come from the settings of a collection. It sends a
 * parameter only if the engine's "properties" name it.
 *   m             integer. From hnsw_config.m: the links of a node. The host moves the value to the
 *                 nearest one within the engine's bounds. For an m of 0 the host begins no index.
 *   ef_construct  integer. From hnsw_config.ef_construct: the candidates that are compared when a
 *                 node is linked. The host moves the value into the bounds, too.
 *   on_disk       boolean. From hnsw_config.on_disk or hnsw_config.memory. With true, the engine
 *                 leaves a loaded index in the pages of its files. When memory is short, the host
 *                 opens a saved index again with true, if the engine has this parameter.
 *   quantization  string. The kind of quantization_config: "scalar", "product", "binary" or
 *                 "turbo". The engine decides which codes that means. The host sends a word only if
 *                 the engine's "enum" has it or there is no "enum".
 *   compression   integer. It comes with the quantization "product". It is 4, 8, 16, 32 or 64: the
 *                 bytes of a vector's floats per byte of its code. The host moves it into the
 *                 bounds, too.
 * The host never sends a parameter of another name, so the engine uses its default. A collection
 * without such settings gives {}. With RHUMB_INVALID an engine refuses a text that is no JSON
 * object, a name that it does not know, and a value out of bounds. It takes an empty config_json
 * as {}. */
#ifndef RHUMB_INDEX_H
#define RHUMB_INDEX_H

#include "core.h"
#include "host.h"
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Scalar types. The host has no columns of RHUMB_BIT yet. */
enum { RHUMB_F32 = 1, RHUMB_F16 = 2, RHUMB_U8 = 3, RHUMB_BIT = 4 };
/* Metrics. RHUMB_HAMMING goes with RHUMB_BIT alone, so the host does not send it yet. */
enum { RHUMB_COSINE = 1, RHUMB_DOT = 2, RHUMB_EUCLID = 3, RHUMB_MANHATTAN = 4, RHUMB_HAMMING = 5 };
/* Kinds of filters. The host does not send RHUMB_FILTER_SLOTS yet. */
enum { RHUMB_FILTER_ALL = 0, RHUMB_FILTER_BITS = 1, RHUMB_FILTER_SLOTS = 2 };
/* rhumb_query.flags. RHUMB_QUERY_EXACT asks for the true closest vectors. The host does not send it
 * yet: it scans its own columns for exact searches. rhumb-plugin-check sends it. */
enum { RHUMB_QUERY_EXACT = 1 };
/* rhumb_hits.flags. PARTIAL: the deadline passed, so hits are missing; the host answers a time-out.
 * APPROXIMATE: the distances are estimates. */
enum { RHUMB_HITS_PARTIAL = 1, RHUMB_HITS_APPROXIMATE = 2 };
/* rhumb_index_ops.caps. The engine has insert(), also while searches run. */
enum { RHUMB_CAP_INDEX_INSERT = 1 << 8 };

typedef struct rhumb_index rhumb_index_t;

/* The column of vectors that an instance indexes. It stays PINNED until close().
 *
 * The vector of slot s starts at
 *   (const char *)chunks[s >> chunk_shift] + (s & ((1 << chunk_shift) - 1)) * stride
 * so `stride` counts bytes. The table `chunks` has room for the largest number of slots that the
 * segment may get. The host fills in a vector and its entry of the table before it names the slot
 * to build, insert or search. The vector never changes afterwards.
 *
 * `present` has a bit for each slot: bit s % 64 of word s / 64 is set if slot s has this vector.
 * NULL means that every slot has it. The host may set bits of later slots while a call runs, so an
 * engine reads each word with one relaxed atomic load.
 *
 * `rows` is the number of slots that were filled when open() was called. It does not grow. */
typedef struct rhumb_vectors {
  uint32_t struct_size, scalar, dim, chunk_shift;
  uint64_t rows, stride;
  const void* const* chunks;
  const uint64_t* present;
} rhumb_vectors_t;

/* The slots that a search may return, BORROWED for the call.
 *   ALL    Every live slot passes.
 *   BITS   Slot s passes if s < bit_count and bit s of `bits` is set. All of them are live.
 *   SLOTS  The `pass_count` slots of the ascending list `slots` pass. All of them are live.
 * `pass_count` is the exact number of slots that pass. It does not count dead slots. Slots without
 * this vector may be among them.
 * `live` has the bits of the live slots. It counts for ALL only: slots from bit_count on do not
 * pass then, so that a search sees exactly the view that it was given. A `live` of NULL means that
 * all slots are live.
 * The host sends ALL with `live`, or BITS. It always sends a filter, but the checker also sends
 * NULL, which means that every present slot passes. */
typedef struct rhumb_filter {
  uint32_t struct_size, kind;
  const uint64_t* bits;
  const uint32_t* slots;
  uint64_t bit_count, pass_count;
  const uint64_t* live;
} rhumb_filter_t;

/* The arguments of open().
 * `base->data_dir` is empty for a new index. Otherwise it is the directory that save() wrote, and
 * open() loads the index. If open() answers RHUMB_CORRUPT or RHUMB_UNSUPPORTED, the host deletes
 * the directory, opens the instance again without it, and builds.
 * `base->config_json` is an object with the parameters that the head of this file lists.
 * `capacity_hint` is the largest number of slots that the host expects. It is a hint, no limit. */
typedef struct rhumb_index_open {
  uint32_t struct_size, metric;
  const rhumb_vectors_t* vectors;
  uint64_t capacity_hint;
  const rhumb_open_t* base;
} rhumb_index_open_t;

/* The progress of a build. `threads` is the number of threads that the build may use, the caller's
 * among them. Any thread of the build may call tick(). If tick() returns 0, the build stops and
 * answers RHUMB_CANCELLED. */
typedef struct rhumb_progress {
  uint32_t struct_size, threads;
  void* ctx;
  uint32_t(RHUMB_CALL* tick)(void* ctx, uint64_t done, uint64_t total);
} rhumb_progress_t;

/* One call of search().
 *   vectors       The `query_count` queries, one a row. They have the scalar type and the
 *                 normalisation of the stored vectors.
 *   ef            The breadth of a graph search. 0: the instance chooses it.
 *   recall        The recall that a search without `ef` aims at, by the instance's own calibration.
 *                 0: the instance's default. An engine without calibration ignores it.
 *   widen         A factor on the breadth of a search without `ef`. 0 means 1.
 *   oversampling  For engines that compare codes: they compare oversampling * k candidates again by
 *                 the vectors themselves. 0: the engine chooses. Infinity: all candidates.
 * The host does not send `params_json` or `ext` yet. An engine refuses a `params_json` that is
 * neither empty nor {} and an extension that is required, both with RHUMB_UNSUPPORTED.
 * The host sends `ef`, `recall`, `widen` and `oversampling` to every engine. An engine that has no
 * use for one of them ignores it. */
typedef struct rhumb_query {
  uint32_t struct_size, k;
  rhumb_matrix_t vectors;
  uint64_t query_count;
  const rhumb_filter_t* filter;
  uint32_t ef, flags;
  rhumb_slice_t params_json;
  const rhumb_ext_t* ext;
  float recall, widen, oversampling, reserved;
} rhumb_query_t;

/* The answer of search(). The caller allocates the arrays: `slots` and `distances` have room for
 * query_count * k entries, `counts` for query_count.
 * The hits of query i start at entry i * k, the closest first, and there are counts[i] of them. The
 * entries beyond them mean nothing: the engine need not write them, and the caller does not read
 * them. If search() answers anything but RHUMB_OK, no entry means anything.
 * The engine adds the number of distances that it computed to `exact_distances` (by the vectors)
 * and `code_distances` (by codes). */
typedef struct rhumb_hits {
  uint32_t struct_size, flags;
  uint32_t* slots;
  float* distances;
  uint32_t* counts;
  uint64_t exact_distances, code_distances;
} rhumb_hits_t;

typedef struct rhumb_index_ops {
  RHUMB_OPS_HEAD(rhumb_index_t, rhumb_index_open_t)

  /* [any-thread] Describes the engine as JSON. The head of this file has the language. */
  rhumb_status_t(RHUMB_CALL* describe)(const rhumb_host_t*, rhumb_buffer_t* json_out);

  /* [control] Indexes all slots below slot_end that are present and live, in parallel. A `live` of
   * NULL means that all are live. Bits of `live` cover at least slot_end slots.
   * No search runs meanwhile. The host calls build at most once on an instance, before any insert,
   * and never on an instance that was loaded. It calls insert afterwards for the slots from
   * slot_end on. So an engine may refuse a build of an instance that holds rows (RHUMB_INVALID).
   * After a build that failed or was cancelled the host only closes the instance. */
  rhumb_status_t(RHUMB_CALL* build)(rhumb_index_t*, const rhumb_call_t*, uint32_t slot_end,
                                    const uint64_t* live, const rhumb_progress_t*, rhumb_error_t*);

  /* [concurrent] Indexes the present slots of [slot_first, slot_end). Only engines with
   * RHUMB_CAP_INDEX_INSERT have it. Searches may run meanwhile.
   * Several threads insert at once. Their ranges are disjoint and may end in any order, so an
   * engine must not take a range that ended as a sign that all slots below it are indexed.
   * A call may stop midway, for a cancellation or an error, and leave a part of its range indexed.
   * The host then names the whole range again later, together with ranges that had succeeded. So
   * inserting a slot that is already indexed must succeed and change nothing. */
  rhumb_status_t(RHUMB_CALL* insert)(rhumb_index_t*, const rhumb_call_t*, uint32_t slot_first,
                                     uint32_t slot_end, rhumb_error_t*);

  /* [concurrent] Finds at most k slots for each query. Each of them is indexed, present, live and
   * passes the filter. There are k of them if at least k indexed slots qualify. A slot is indexed
   * when the build or the insert that names it has returned; a slot whose insert still runs may be
   * found or not. */
  rhumb_status_t(RHUMB_CALL* search)(rhumb_index_t*, const rhumb_call_t*, const rhumb_query_t*,
                                     rhumb_hits_t* out, rhumb_error_t*);

  /* [control] Writes files into the existing, empty directory `dir` and fsyncs the files and the
   * directory. The host then renames the directory into place. Searches may run meanwhile; build
   * and insert do not. A failure here does not fence the instance: a full disk says nothing about
   * the index in memory. */
  rhumb_status_t(RHUMB_CALL* save)(rhumb_index_t*, rhumb_slice_t dir, rhumb_error_t*);

  /* [any-thread] Reports on the instance as JSON. These members are always there:
   *   "rows"            the number of vectors that are indexed
   *   "built_through"   a slot. All present slots below it are indexed. After a load the host
   *                     inserts from this slot on. It deletes a saved index whose built_through is
   *                     0 or beyond the column.
   *   "bytes_resident"  the bytes of memory that the instance holds
   *   "bytes_mapped"    the bytes of its files that are mapped into memory
   * These members are optional. The host shows them to users. A text is one English sentence; the
   * host cuts it after 512 bytes.
   *   "calibration"     pairs [[ef, recall at 10], ...]; both numbers rise
   *   "codes"           what the engine compares: "float", "8bit", "4bit", "pq" or another word
   *   "measured"        {"recall":r,"queries":n,"ef":n}: the recall at 10 of n queries at the
   *                     default breadth `ef`, against the exact answer
   *   "why"             why the engine chose this form
   *   "doubtful"        the number of searches that compared more vectors than usual because the
   *                     codes left a doubt
   *   "clipped_rows"    the number of rows beyond the range of the codes
   *   "warning"         for example, that the codes that a collection asked for find too little
   *   "renew"           why another instance would fit the data better. The member is there only
   *                     while a new instance, opened with the same parameters and built over the
   *                     rows there are now, would do so.
   * If an engine with insert() reports "renew", the host opens a second instance beside this one.
   * It builds the second one over the rows there are, inserts the rows that came meanwhile, and
   * then replaces the first one. The first one serves searches and inserts until then. The host
   * does so within its memory limit, at most once for each doubling of the rows from 1,024 rows on,
   * and once more when the segment grows no more. So an engine that a build did not help may go on
   * reporting "renew". The host asks after a load and after inserts. */
  rhumb_status_t(RHUMB_CALL* stats)(rhumb_index_t*, rhumb_buffer_t* json_out);
} rhumb_index_ops_t;

#ifdef __cplusplus
}
#endif
#endif
