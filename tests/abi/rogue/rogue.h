/* A small, honest index plugin. Each rogue includes it and breaks exactly one thing. */
#ifndef RHUMB_TESTS_ROGUE_H
#define RHUMB_TESTS_ROGUE_H

#include "rhumb/draft.h"
#include "rhumb/index.h"
#include "rhumb/plugin.h"

static inline rhumb_status_t rogue_open(const rhumb_host_t* host, const rhumb_index_open_t* open,
                                        rhumb_index_t** out, rhumb_error_t* error) {
  static int instance;
  (void)host, (void)open, (void)error;
  *out = (rhumb_index_t*)&instance;
  return RHUMB_OK;
}
static inline void rogue_close(rhumb_index_t* self) { (void)self; }
static inline const void* rogue_extension(rhumb_index_t* self, const char* id) {
  (void)self, (void)id;
  return NULL;
}
static inline rhumb_status_t rogue_describe(const rhumb_host_t* host, rhumb_buffer_t* out) {
  (void)host, (void)out;
  return RHUMB_UNSUPPORTED;
}
static inline rhumb_status_t rogue_build(rhumb_index_t* self, const rhumb_call_t* call,
                                         uint32_t end, const uint64_t* live,
                                         const rhumb_progress_t* progress, rhumb_error_t* error) {
  (void)self, (void)call, (void)end, (void)live, (void)progress, (void)error;
  return RHUMB_OK;
}
static inline rhumb_status_t rogue_search(rhumb_index_t* self, const rhumb_call_t* call,
                                          const rhumb_query_t* query, rhumb_hits_t* out,
                                          rhumb_error_t* error) {
  (void)self, (void)call, (void)error;
  for (uint64_t i = 0; i < query->query_count; ++i) out->counts[i] = 0;
  return RHUMB_OK;
}
static inline rhumb_status_t rogue_save(rhumb_index_t* self, rhumb_slice_t dir,
                                        rhumb_error_t* error) {
  (void)self, (void)dir, (void)error;
  return RHUMB_OK;
}
static inline rhumb_status_t rogue_stats(rhumb_index_t* self, rhumb_buffer_t* out) {
  (void)self, (void)out;
  return RHUMB_UNSUPPORTED;
}

#define ROGUE_OPS                                                                                  \
  {                                                                                                \
    .struct_size = sizeof(rhumb_index_ops_t), .caps = 0, .open = rogue_open, .close = rogue_close, \
    .get_extension = rogue_extension, .describe = rogue_describe, .build = rogue_build,            \
    .search = rogue_search, .save = rogue_save, .stats = rogue_stats                               \
  }
#define ROGUE_FACTORY(factory_id, table)                                                \
  {                                                                                     \
    .struct_size = sizeof(rhumb_factory_t), .kind = RHUMB_KIND_INDEX, .id = factory_id, \
    .version = "1.0.0", .ops = table                                                    \
  }
#define ROGUE_PLUGIN(plugin_id, count, list)                                              \
  {                                                                                       \
    .magic = RHUMB_PLUGIN_MAGIC, .struct_size = sizeof(rhumb_plugin_t),                   \
    .abi_major = RHUMB_ABI_MAJOR, .abi_minor_min = 0, .abi_minor_built = RHUMB_ABI_MINOR, \
    .draft = 1, .id = plugin_id, .version = "1.0.0", .license = "Apache-2.0",             \
    .draft_hash = RHUMB_DRAFT_HASH, .factory_count = count, .factories = list             \
  }

#endif
