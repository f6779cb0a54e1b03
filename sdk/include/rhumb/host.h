/* Rhumb plugin SDK: the services that the host offers to a plugin. This header is a DRAFT: see
 * draft.h. A plugin asks for a service by its id, which ends with a revision. The answer is NULL if
 * the host does not have the service, so a plugin must work without it: it logs less or is slower.
 * All services are [any-thread]. rhumbd offers all four services of this header. */
#ifndef RHUMB_HOST_H
#define RHUMB_HOST_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rhumb_host {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor;
  void* ctx;
  /* The answer is NULL if the host does not have the service. */
  const void*(RHUMB_CALL* get_extension)(const struct rhumb_host*, const char* id);
} rhumb_host_t;

#define RHUMB_HOST_LOG "rhumb.host.log/1"
enum {
  RHUMB_LOG_TRACE = 0,
  RHUMB_LOG_DEBUG = 1,
  RHUMB_LOG_INFO = 2,
  RHUMB_LOG_WARN = 3,
  RHUMB_LOG_ERROR = 4
};
typedef struct rhumb_host_log {
  /* The host drops messages below level_min, so a plugin need not format them. */
  uint32_t struct_size, level_min;
  void(RHUMB_CALL* log)(const rhumb_host_t*, uint32_t level, rhumb_slice_t utf8);
} rhumb_host_log_t;

#define RHUMB_HOST_EXECUTOR "rhumb.host.executor/1"
typedef struct rhumb_host_executor {
  uint32_t struct_size, width; /* parallel() uses at most `width` threads. */
  /* Runs fn(arg) later on a thread of the host. It may refuse with RHUMB_BUSY; fn then never runs.
   */
  rhumb_status_t(RHUMB_CALL* post)(const rhumb_host_t*, void(RHUMB_CALL* fn)(void*), void* arg);
  /* Runs fn(arg, i) for each i in [0, n) on up to `width` threads, one of which is the caller's. It
   * returns after the last call of fn has returned. */
  rhumb_status_t(RHUMB_CALL* parallel)(const rhumb_host_t*, uint64_t n,
                                       void(RHUMB_CALL* fn)(void*, uint64_t), void* arg);
} rhumb_host_executor_t;

#define RHUMB_HOST_CLOCK "rhumb.host.clock/1"
typedef struct rhumb_host_clock {
  uint32_t struct_size, reserved;
  uint64_t(RHUMB_CALL* monotonic_ns)(const rhumb_host_t*);
  uint64_t(RHUMB_CALL* wall_ns)(const rhumb_host_t*); /* The time since the Unix epoch, in UTC. */
} rhumb_host_clock_t;

#define RHUMB_HOST_MEMORY "rhumb.host.memory/1"
typedef struct rhumb_host_memory {
  uint32_t struct_size, reserved;
  /* Reports how many bytes more (or, if negative, fewer) this plugin keeps allocated. The host
   * counts them against its memory limit and refuses writes before memory runs out. */
  void(RHUMB_CALL* report)(const rhumb_host_t*, int64_t delta_bytes);
} rhumb_host_memory_t;

#ifdef __cplusplus
}
#endif
#endif
