/* Rhumb plugin SDK: what the host offers to a plugin. Services are found by id + revision.  DRAFT (see draft.h).
 * A service that is absent yields NULL: a plugin must work without it (quieter, slower). All services are [any-thread]. */
#ifndef RHUMB_HOST_H
#define RHUMB_HOST_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rhumb_host {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor;
  void *ctx;
  const void *(RHUMB_CALL *get_extension)(const struct rhumb_host *, const char *id); /* NULL if absent */
} rhumb_host_t;

#define RHUMB_HOST_LOG "rhumb.host.log/1"
enum { RHUMB_LOG_TRACE = 0, RHUMB_LOG_DEBUG = 1, RHUMB_LOG_INFO = 2, RHUMB_LOG_WARN = 3, RHUMB_LOG_ERROR = 4 };
typedef struct rhumb_host_log {
  uint32_t struct_size, level_min; /* messages below level_min are dropped: do not format them */
  void(RHUMB_CALL *log)(const rhumb_host_t *, uint32_t level, rhumb_slice_t utf8);
} rhumb_host_log_t;

#define RHUMB_HOST_EXECUTOR "rhumb.host.executor/1"
typedef struct rhumb_host_executor {
  uint32_t struct_size, width; /* width: threads that parallel() uses at most */
  /* Runs fn(arg) later on a host thread. May refuse with RHUMB_BUSY; then fn never runs. */
  rhumb_status_t(RHUMB_CALL *post)(const rhumb_host_t *, void(RHUMB_CALL *fn)(void *), void *arg);
  /* Runs fn(arg, i) for i in [0, n) on up to `width` threads, the caller's among them; returns when all are done. */
  rhumb_status_t(RHUMB_CALL *parallel)(const rhumb_host_t *, uint64_t n, void(RHUMB_CALL *fn)(void *, uint64_t), void *arg);
} rhumb_host_executor_t;

#define RHUMB_HOST_CLOCK "rhumb.host.clock/1"
typedef struct rhumb_host_clock {
  uint32_t struct_size, reserved;
  uint64_t(RHUMB_CALL *monotonic_ns)(const rhumb_host_t *);
  uint64_t(RHUMB_CALL *wall_ns)(const rhumb_host_t *); /* since the Unix epoch, UTC */
} rhumb_host_clock_t;

#define RHUMB_HOST_MEMORY "rhumb.host.memory/1"
typedef struct rhumb_host_memory {
  uint32_t struct_size, reserved;
  /* Reports a change (bytes, may be negative) of what this plugin keeps allocated, so that the host can refuse work in time. */
  void(RHUMB_CALL *report)(const rhumb_host_t *, int64_t delta_bytes);
} rhumb_host_memory_t;

#ifdef __cplusplus
}
#endif
#endif
