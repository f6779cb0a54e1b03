/* Rhumb plugin SDK, core: the status, ownership and call types that every kind of plugin uses.
 * This header is a DRAFT: see draft.h.
 *
 * These rules bind the host and the plugins:
 *  - A growable struct starts with struct_size. It is passed by pointer, it is never a member of
 *    another struct or of an array, and it grows only at its end. When the host loads a plugin, it
 *    makes its own copy of each table of functions: it fills the copy with zeros and then copies as
 *    many bytes as both sides know.
 *  - A frozen struct has no struct_size and never changes. The frozen structs are slice, buffer,
 *    matrix, done, write, entry, message, shard and bucket run.
 *  - The side that allocated memory frees it. The only exception is rhumb_buffer_t, whose receiver
 *    calls release().
 *  - No exception and no longjmp leaves a plugin. A plugin installs no signal handler, calls
 *    neither fork nor setlocale, and does not use stdin or stdout.
 *
 * Every function says which threads may call it:
 *   [control]          The caller is the host's control thread, or a background thread that does
 *                      nothing else meanwhile. The function may block.
 *   [any-thread]       Any thread may call the function at any time.
 *   [concurrent]       Many threads may call the function at once on one instance.
 *   [instance-serial]  Two calls on one instance never overlap, but each may come from another
 *                      thread. */
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

/* The status tells the caller what to do about a failure. rhumb_error_t says what happened. The
 * values are grouped by the reaction that they ask for. A caller that meets an unknown value of a
 * later minor version treats it like the others of its group. */
typedef int32_t rhumb_status_t;
enum {
  RHUMB_OK = 0,
  /* 1..63: The caller made a mistake and must not try again. */
  RHUMB_INVALID = 1,
  RHUMB_NOT_FOUND = 2,
  RHUMB_UNSUPPORTED = 3,
  RHUMB_DENIED = 4,
  /* 64..127: The same call may succeed later. */
  RHUMB_BUSY = 64,
  RHUMB_TIMEOUT = 65,
  RHUMB_CANCELLED = 66,
  RHUMB_NOT_LEADER = 67,
  RHUMB_NO_SPACE = 68,
  RHUMB_OVER_LIMIT = 69,
  RHUMB_NO_MEMORY = 70,
  /* From 128 on: The instance cannot be trusted any more. The host fences it, which means that it
   * stops using it. */
  RHUMB_IO = 128,
  RHUMB_CORRUPT = 129,
  RHUMB_BUG = 255
};

/* The callee fills this struct when it returns anything but RHUMB_OK. The struct lies on the
 * caller's stack; the pointer to it may be NULL. `text` is UTF-8 and ends with a NUL byte.
 * `os_errno` is the errno of the system call that failed, or 0. */
typedef struct rhumb_error {
  uint32_t struct_size;
  int32_t os_errno;
  char text[248];
} rhumb_error_t;

/* BORROWED bytes. They are valid until the call that passes them returns. In a callback, they are
 * valid until the callback returns. */
typedef struct rhumb_slice {
  const void* data;
  uint64_t size;
} rhumb_slice_t;

/* OWNED bytes. If `release` is not NULL, the receiver calls release(buffer) exactly once, and the
 * call sets `release` to NULL. A buffer may be moved with memcpy, as in Apache Arrow. An empty
 * buffer has a `release` that is NULL. */
typedef struct rhumb_buffer {
  void* data;
  uint64_t size;
  void* owner;
  void(RHUMB_CALL* release)(struct rhumb_buffer*);
} rhumb_buffer_t;

/* BORROWED rows. Row r starts at (const char *)data + r * stride, so `stride` counts bytes.
 * `scalar` is RHUMB_F32 or another scalar type of index.h. */
typedef struct rhumb_matrix {
  const void* data;
  uint64_t rows, stride;
  uint32_t dim, scalar;
} rhumb_matrix_t;

/* The completion of an asynchronous call. If the call returned RHUMB_OK, the plugin calls fn
 * exactly once, and never from within that call. The completions of one instance come in the order
 * of the calls, on any thread. fn must not block. If the call returned anything else, fn is never
 * called. */
typedef struct rhumb_done {
  void* ctx;
  void(RHUMB_CALL* fn)(void* ctx, rhumb_status_t status, const rhumb_error_t* error);
} rhumb_done_t;

/* An extension of one call. A callee that does not know the id answers RHUMB_UNSUPPORTED if
 * `required` is not 0, and skips the extension otherwise. The host sends no extension yet: every
 * `ext` that it passes is NULL. */
typedef struct rhumb_ext {
  const char* id;
  const struct rhumb_ext* next;
  uint32_t struct_size, required;
} rhumb_ext_t;

/* The context of one call. A NULL pointer means that there is no deadline and no cancellation.
 * `deadline_ns` is a time of the host's monotonic clock ("rhumb.host.clock/1"), or 0 if there is no
 * deadline. `cancelled` may be NULL. A callee looks at the deadline and calls cancelled() at least
 * once in a millisecond of work. It then returns RHUMB_TIMEOUT or RHUMB_CANCELLED.
 *
 * The host sends a deadline with searches, authenticate() and authorize(). It sends a `cancelled`
 * with searches, builds and inserts. It passes NULL to key-value stores. It never sends `trace_hi`,
 * `trace_lo` or `flags` yet: they are 0. */
typedef struct rhumb_call {
  uint32_t struct_size, flags;
  uint64_t deadline_ns, trace_hi, trace_lo;
  void* cancel_ctx;
  uint32_t(RHUMB_CALL* cancelled)(void* cancel_ctx);
  const rhumb_ext_t* ext;
} rhumb_call_t;

/* True if the growable struct that p points to is large enough to have member f, and f is set. */
#define RHUMB_HAS(p, T, f) ((p)->struct_size >= offsetof(T, f) + sizeof((p)->f) && (p)->f)

#ifdef __cplusplus
}
#endif
#endif
