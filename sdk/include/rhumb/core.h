/* Rhumb plugin SDK, core: status, ownership and call types that every plugin kind uses.  DRAFT (see draft.h).
 *
 * Rules of this ABI, binding for host and plugins:
 *  - Growable structs start with struct_size, are always passed by pointer, never embedded, never in arrays, and only grow at the end.
 *    The host normalises a plugin's tables once at load: it zero-fills its own struct and copies min(sizes).
 *  - Frozen structs have no struct_size and never change (slice, buffer, matrix, done, write, entry, message, shard, bucket run).
 *  - Nothing allocated on one side is freed on the other, except through a rhumb_buffer's own release().
 *  - No exception, longjmp, signal handler, fork, setlocale, stdin or stdout use crosses or comes from a plugin.
 *
 * Thread words used in all headers:
 *   [control]          the host's control thread or a background thread it dedicates to the call; may block
 *   [any-thread]       any thread at any time
 *   [concurrent]       many threads at once on one instance
 *   [instance-serial]  never twice at once on one instance; the thread may change between calls
 */
#ifndef RHUMB_CORE_H
#define RHUMB_CORE_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define RHUMB_CALL __cdecl
#define RHUMB_EXPORT_SYMBOL __declspec(dllexport)
#else
#define RHUMB_CALL
#define RHUMB_EXPORT_SYMBOL __attribute__((visibility("default")))
#endif

#if defined(__cplusplus)
#define RHUMB_EXPORT extern "C" RHUMB_EXPORT_SYMBOL
#else
#define RHUMB_EXPORT RHUMB_EXPORT_SYMBOL
#endif

#define RHUMB_ABI_MAJOR 1
#define RHUMB_ABI_MINOR 0

#ifdef __cplusplus
extern "C" {
#endif

/* What to do about a failure; rhumb_error_t says what happened. Values are grouped by the reaction they ask for. */
typedef int32_t rhumb_status_t;
enum {
  RHUMB_OK = 0,
  /* 1..63: the caller's fault, do not retry */
  RHUMB_INVALID = 1,
  RHUMB_NOT_FOUND = 2,
  RHUMB_UNSUPPORTED = 3,
  RHUMB_DENIED = 4,
  /* 64..127: may succeed when tried again */
  RHUMB_BUSY = 64,
  RHUMB_TIMEOUT = 65,
  RHUMB_CANCELLED = 66,
  RHUMB_NOT_LEADER = 67,
  RHUMB_NO_SPACE = 68,
  RHUMB_OVER_LIMIT = 69,
  RHUMB_NO_MEMORY = 70,
  /* 128..: the instance is not to be trusted any more, fence it */
  RHUMB_IO = 128,
  RHUMB_CORRUPT = 129,
  RHUMB_BUG = 255
};

/* Filled by the callee when it returns anything but RHUMB_OK. Lives on the caller's stack; the pointer may be NULL.
 * text: UTF-8, NUL-terminated. os_errno: errno of a failed system call, else 0. */
typedef struct rhumb_error {
  uint32_t struct_size;
  int32_t os_errno;
  char text[248];
} rhumb_error_t;

/* BORROWED bytes: valid until the call they are passed to (or the callback they arrive in) returns. */
typedef struct rhumb_slice {
  const void *data;
  uint64_t size;
} rhumb_slice_t;

/* OWNED bytes: the receiver calls release(buffer) exactly once when release != NULL; release sets it to NULL.
 * May be moved with memcpy (Apache Arrow's release rule). An empty buffer has release == NULL. */
typedef struct rhumb_buffer {
  void *data;
  uint64_t size;
  void *owner;
  void(RHUMB_CALL *release)(struct rhumb_buffer *);
} rhumb_buffer_t;

/* BORROWED rows: row r starts at (const char *)data + r * stride (bytes). scalar: RHUMB_F32... */
typedef struct rhumb_matrix {
  const void *data;
  uint64_t rows, stride;
  uint32_t dim, scalar;
} rhumb_matrix_t;

/* Completion of an accepted asynchronous call. If the call returned RHUMB_OK, fn fires exactly once, never inside the submitting
 * call, in submission order per instance, on any thread, and must not block. Any other return value: fn never fires. */
typedef struct rhumb_done {
  void *ctx;
  void(RHUMB_CALL *fn)(void *ctx, rhumb_status_t status, const rhumb_error_t *error);
} rhumb_done_t;

/* Optional extra of one call. Unknown and required -> RHUMB_UNSUPPORTED; unknown and optional -> skipped. */
typedef struct rhumb_ext {
  const char *id;
  const struct rhumb_ext *next;
  uint32_t struct_size, required;
} rhumb_ext_t;

/* Context of a data-path call; NULL means no deadline and no cancellation.
 * deadline_ns: absolute, of the host's monotonic clock ("rhumb.host.clock/1"); 0 = none.
 * A callee polls cancelled() or the deadline at least once a millisecond of work and then returns RHUMB_CANCELLED or RHUMB_TIMEOUT. */
typedef struct rhumb_call {
  uint32_t struct_size, flags;
  uint64_t deadline_ns, trace_hi, trace_lo;
  void *cancel_ctx;
  uint32_t(RHUMB_CALL *cancelled)(void *cancel_ctx);
  const rhumb_ext_t *ext;
} rhumb_call_t;

/* True if the (growable) struct behind p is large enough to hold member f and the member is set. */
#define RHUMB_HAS(p, T, f) ((p)->struct_size >= offsetof(T, f) + sizeof((p)->f) && (p)->f)

#ifdef __cplusplus
}
#endif
#endif
