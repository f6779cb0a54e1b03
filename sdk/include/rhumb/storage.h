/* Rhumb plugin SDK: storage engines. Two kinds, a key-value store and a log of records of many groups.  DRAFT (see draft.h). */
#ifndef RHUMB_STORAGE_H
#define RHUMB_STORAGE_H

#include "core.h"
#include "host.h"
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rhumb_storage rhumb_storage_t;

/* ---- key-value store. Tables are small numbers chosen by the host; keys are ordered as unsigned bytes within a table. ---- */
enum { RHUMB_PUT = 1, RHUMB_DELETE = 2, RHUMB_DELETE_RANGE = 3 };

/* PUT key -> value; DELETE key (value ignored, missing is fine); DELETE_RANGE [key, value), an empty value = to the table's end. */
typedef struct rhumb_write {
  uint32_t op, table;
  rhumb_slice_t key, value;
} rhumb_write_t;

/* Returns 0 to stop the scan. Must not call back into the store. */
typedef uint32_t(RHUMB_CALL *rhumb_visit_fn)(void *ctx, rhumb_slice_t key, rhumb_slice_t value);

enum { RHUMB_SCAN_REVERSE = 1 };

typedef struct rhumb_kv_ops {
  RHUMB_OPS_HEAD(rhumb_storage_t, rhumb_open_t)
  /* [instance-serial] Atomic over all n writes, later ones win. VISIBLE on return, surviving a killed process; DURABLE after flush. */
  rhumb_status_t(RHUMB_CALL *write)(rhumb_storage_t *, const rhumb_call_t *, const rhumb_write_t *, uint64_t n, rhumb_error_t *);
  /* [any-thread] done = all writes returned before this call are durable. */
  rhumb_status_t(RHUMB_CALL *flush)(rhumb_storage_t *, rhumb_done_t);
  /* [concurrent] RHUMB_NOT_FOUND if absent. */
  rhumb_status_t(RHUMB_CALL *get)(rhumb_storage_t *, const rhumb_call_t *, uint32_t table, rhumb_slice_t key, rhumb_buffer_t *out, rhumb_error_t *);
  /* [concurrent] Keys in [first, last), an empty last = to the table's end; ascending, or descending with RHUMB_SCAN_REVERSE. */
  rhumb_status_t(RHUMB_CALL *scan)(rhumb_storage_t *, const rhumb_call_t *, uint32_t table, rhumb_slice_t first, rhumb_slice_t last, uint32_t flags,
                                   rhumb_visit_fn, void *ctx, rhumb_error_t *);
  /* [control] A consistent copy of the store in the existing, empty directory dir, fsynced. */
  rhumb_status_t(RHUMB_CALL *checkpoint)(rhumb_storage_t *, rhumb_slice_t dir, rhumb_error_t *);
} rhumb_kv_ops_t;

/* ---- log: one write-ahead log per node, shared by all consensus groups. ----
 * DATA, MEMBERS and NOOP carry an index (> 0) and a term and form the group's sequence of entries without gaps.
 * The others have index 0 unless said otherwise and do not truncate:
 *   HARD_STATE  data = the host's bytes (term, vote, commit). The newest one of a group counts.
 *   BASE        index, term of the entry just before the first one kept; entries <= index are gone.
 *   INSTALL     index, term, data = manifest: replaces the group's whole log by a snapshot (implies BASE). Newest counts.
 *   DROP        the group is gone; its id is never used again. */
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

/* Returns 0 to stop. Must not call back into the log. */
typedef uint32_t(RHUMB_CALL *rhumb_log_visit_fn)(void *ctx, const rhumb_log_entry_t *);

typedef struct rhumb_log_ops {
  RHUMB_OPS_HEAD(rhumb_storage_t, rhumb_open_t)
  /* [instance-serial] Appends n records of any groups as one batch, in order; an entry whose index is <= the group's last one truncates
   * the group from that index first. The data is copied before the call returns. done = durable by the log's sync policy; batches
   * complete in order, many share one fsync. After a failed write or fsync every later call fails with RHUMB_IO: never retried. */
  rhumb_status_t(RHUMB_CALL *append)(rhumb_storage_t *, const rhumb_log_entry_t *, uint64_t n, rhumb_error_t *, rhumb_done_t);
  /* [concurrent] Entries [first, last] of a group in order, stopping after max_bytes of data (but at least one entry). */
  rhumb_status_t(RHUMB_CALL *read)(rhumb_storage_t *, uint64_t group, uint64_t first, uint64_t last, uint64_t max_bytes, rhumb_log_visit_fn, void *ctx,
                                   rhumb_error_t *);
  /* [any-thread] Entries <= index are no longer needed (the newest HARD_STATE and BASE are kept). Space is freed in the background. */
  rhumb_status_t(RHUMB_CALL *release)(rhumb_storage_t *, uint64_t group, uint64_t index, rhumb_error_t *);
  /* [any-thread] */
  rhumb_status_t(RHUMB_CALL *drop_group)(rhumb_storage_t *, uint64_t group, rhumb_error_t *);
  /* [control] Once, after open and before anything else: visits, for each group in ascending order, its HARD_STATE, its newest BASE or
   * INSTALL, then its live entries in order. A torn tail (unsynced bytes after the last sync point) is dropped and logged;
   * damage below it is RHUMB_CORRUPT, with file and offset in the error. */
  rhumb_status_t(RHUMB_CALL *recover)(rhumb_storage_t *, rhumb_log_visit_fn, void *ctx, rhumb_error_t *);
  /* [any-thread] JSON: {"segments":n,"bytes":n,"synced_records":n,"fsyncs":n,"oldest_group":g} */
  rhumb_status_t(RHUMB_CALL *stats)(rhumb_storage_t *, rhumb_buffer_t *json_out);
} rhumb_log_ops_t;

#ifdef __cplusplus
}
#endif
#endif
