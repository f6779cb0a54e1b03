/* Rhumb plugin SDK: storage engines. This header is a DRAFT: see draft.h.
 *
 * There are two kinds: a key-value store, and a log of the records of many consensus groups. */
#ifndef RHUMB_STORAGE_H
#define RHUMB_STORAGE_H

#include "core.h"
#include "host.h"
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rhumb_storage rhumb_storage_t;

/* ---- The key-value store ----
 * The host chooses the tables, which are small numbers. Within a table, keys are ordered as
 * unsigned bytes. */
enum { RHUMB_PUT = 1, RHUMB_DELETE = 2, RHUMB_DELETE_RANGE = 3 };

/* PUT stores the value under the key. DELETE removes the key and ignores the value; a key that is
 * missing is no error. DELETE_RANGE removes the keys of [key, value); an empty value means the end
 * of the table. */
typedef struct rhumb_write {
  uint32_t op, table;
  rhumb_slice_t key, value;
} rhumb_write_t;

/* The function returns 0 to stop the scan. It must not call the store. */
typedef uint32_t(RHUMB_CALL* rhumb_visit_fn)(void* ctx, rhumb_slice_t key, rhumb_slice_t value);

/* rhumb_kv_ops.scan flags. The host does not send RHUMB_SCAN_REVERSE yet. */
enum { RHUMB_SCAN_REVERSE = 1 };

/* The moments of rhumb_kv_ops.checkpoint. */
enum { RHUMB_CHECKPOINT_BEGINS = 1, RHUMB_CHECKPOINT_FIXED = 2 };
/* It must not call the store. */
typedef void(RHUMB_CALL* rhumb_moment_fn)(void* ctx, uint32_t moment);

typedef struct rhumb_kv_ops {
  RHUMB_OPS_HEAD(rhumb_storage_t, rhumb_open_t)
  /* [instance-serial] Applies all n writes or none. A later write of the batch wins over an earlier
   * one. The writes are VISIBLE when the call returns and survive a killed process. They are
   * DURABLE, so that they survive a power failure, after flush(). */
  rhumb_status_t(RHUMB_CALL* write)(rhumb_storage_t*, const rhumb_call_t*, const rhumb_write_t*,
                                    uint64_t n, rhumb_error_t*);
  /* [any-thread] `done` fires when all writes that had returned before this call are durable. */
  rhumb_status_t(RHUMB_CALL* flush)(rhumb_storage_t*, rhumb_done_t);
  /* [concurrent] Returns the value of a key, or RHUMB_NOT_FOUND if the key is absent. */
  rhumb_status_t(RHUMB_CALL* get)(rhumb_storage_t*, const rhumb_call_t*, uint32_t table,
                                  rhumb_slice_t key, rhumb_buffer_t* out, rhumb_error_t*);
  /* [concurrent] Visits the keys of [first, last) in ascending order, or in descending order with
   * RHUMB_SCAN_REVERSE. An empty `last` means the end of the table. */
  rhumb_status_t(RHUMB_CALL* scan)(rhumb_storage_t*, const rhumb_call_t*, uint32_t table,
                                   rhumb_slice_t first, rhumb_slice_t last, uint32_t flags,
                                   rhumb_visit_fn, void* ctx, rhumb_error_t*);
  /* [control] Writes a consistent copy of the store into the existing, empty directory `dir` and
   * fsyncs it. Writes go on meanwhile. `moment` may be NULL. Otherwise it is called on the calling
   * thread: once with BEGINS when only fixing the state is left to do before the copying, and once
   * with FIXED when the state to be copied is fixed. The host holds back its writes between the
   * two, and so knows what is in the copy. The engine keeps that time short. After a failure FIXED
   * may be missing. */
  rhumb_status_t(RHUMB_CALL* checkpoint)(rhumb_storage_t*, rhumb_slice_t dir,
                                         rhumb_moment_fn moment, void* ctx, rhumb_error_t*);
} rhumb_kv_ops_t;

/* ---- The log ----
 * A node has one write-ahead log. All its consensus groups share the log.
 *
 * The parameters of open() are the operator's settings `storage.*`. The host sends all of them to
 * every log engine:
 *   sync           "always": append() is done after an fsync. "interval": an fsync follows within
 *                  interval_ms. "never": the kernel decides. An engine that cannot keep the policy
 *                  refuses to open with RHUMB_INVALID.
 *   interval_ms    1 to 60,000.
 *   segment_bytes  The size of one file of the log, for an engine that has such files.
 *   keep_segments  The number of newest files that the engine leaves as they are. It may rewrite
 *                  older ones, which gives the space of released records back sooner.
 *
 * Records of the types DATA, MEMBERS and NOOP are entries. They have an index above 0 and a term.
 * The entries of a group form a sequence without gaps. The other types do not truncate the group:
 *   HARD_STATE  The index is 0. The data are the host's bytes: term, vote and commit. The newest
 *               record of a group counts.
 *   BASE        Index and term are those of the last entry that is no longer kept. All entries up
 *               to this index are gone.
 *   INSTALL     A snapshot replaces the whole log of the group. Index and term are those of the
 *               snapshot. The data are its manifest. It implies a BASE. The newest record counts.
 *   DROP        The index is 0. The group is gone, and its id is never used again. The host calls
 *               drop_group() in place of appending this record. */
enum {
  RHUMB_LOG_DATA = 0,
  RHUMB_LOG_MEMBERS = 1,
  RHUMB_LOG_NOOP = 2,
  RHUMB_LOG_HARD_STATE = 16,
  RHUMB_LOG_BASE = 17,
  RHUMB_LOG_INSTALL = 18,
  RHUMB_LOG_DROP = 19
};

typedef struct rhumb_log_entry {
  uint64_t group, index, term;
  uint32_t type, reserved;
  rhumb_slice_t data;
} rhumb_log_entry_t;

/* The function returns 0 to stop. It must not call the log. */
typedef uint32_t(RHUMB_CALL* rhumb_log_visit_fn)(void* ctx, const rhumb_log_entry_t*);

typedef struct rhumb_log_ops {
  RHUMB_OPS_HEAD(rhumb_storage_t, rhumb_open_t)
  /* [instance-serial] Appends n records as one batch, in order. They may belong to several groups.
   * An entry whose index is not above the group's last one first truncates the group from that
   * index on. The engine copies the data before the call returns. `done` fires when the batch is
   * durable by the sync policy of the log. Batches complete in order, and many share one fsync.
   * After a write or an fsync that failed, every later call fails with RHUMB_IO. The engine never
   * tries it again. */
  rhumb_status_t(RHUMB_CALL* append)(rhumb_storage_t*, const rhumb_log_entry_t*, uint64_t n,
                                     rhumb_error_t*, rhumb_done_t);
  /* [concurrent] Visits the entries [first, last] of a group in order. It visits at least one entry
   * and stops after max_bytes of data. */
  rhumb_status_t(RHUMB_CALL* read)(rhumb_storage_t*, uint64_t group, uint64_t first, uint64_t last,
                                   uint64_t max_bytes, rhumb_log_visit_fn, void* ctx,
                                   rhumb_error_t*);
  /* [any-thread] The host no longer needs the entries up to `index`. The engine keeps the newest
   * HARD_STATE and BASE. It frees the space in the background. */
  rhumb_status_t(RHUMB_CALL* release)(rhumb_storage_t*, uint64_t group, uint64_t index,
                                      rhumb_error_t*);
  /* [any-thread] Removes the group and all its records. The host never uses its id again. */
  rhumb_status_t(RHUMB_CALL* drop_group)(rhumb_storage_t*, uint64_t group, rhumb_error_t*);
  /* [control] The host calls it once, after open and before any other call. It visits the groups in
   * ascending order. For each group it visits the HARD_STATE, the newest BASE or INSTALL, and then
   * the live entries in order. It drops and logs a torn tail: bytes after the last sync point.
   * Damage before that point is RHUMB_CORRUPT, and the error names the file and the offset. */
  rhumb_status_t(RHUMB_CALL* recover)(rhumb_storage_t*, rhumb_log_visit_fn, void* ctx,
                                      rhumb_error_t*);
  /* [any-thread] JSON: {"segments":n,"bytes":n,"synced_records":n,"fsyncs":n,"oldest_group":g}, and
   * "failure" with the reason once the log has failed for good. */
  rhumb_status_t(RHUMB_CALL* stats)(rhumb_storage_t*, rhumb_buffer_t* json_out);
} rhumb_log_ops_t;

#ifdef __cplusplus
}
#endif
#endif
