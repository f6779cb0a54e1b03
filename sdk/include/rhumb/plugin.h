/* Rhumb plugin SDK: the one symbol a plugin exports, and the head that all tables of functions share.  DRAFT (see draft.h).
 *
 * Negotiation, in this order; each refusal names file, field, expected and found:
 *   symbol rhumb_plugin_v1 -> magic -> struct_size >= that of v1.0 -> abi_major == 1 -> abi_minor_min <= host's minor
 *   -> if draft: draft_hash equals the host's -> no duplicate factory id of a kind. */
#ifndef RHUMB_PLUGIN_H
#define RHUMB_PLUGIN_H

#include "core.h"
#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RHUMB_PLUGIN_MAGIC 0x424D4852u /* "RHMB", little-endian */

enum {
  RHUMB_KIND_INDEX = 1,
  RHUMB_KIND_KV = 2,
  RHUMB_KIND_LOG = 3,
  RHUMB_KIND_AUTH = 4,
  RHUMB_KIND_CONSENSUS = 5,
  RHUMB_KIND_ROUTER = 6
};

/* Capabilities (ops.caps), common to all kinds; a kind's own start at bit 8. */
enum { RHUMB_CAP_OWN_THREADS = 1 };

/* One engine of a plugin. ops points to the table of its kind (rhumb_index_ops_t, ...). id: [a-z0-9_]+, unique per kind. */
typedef struct rhumb_factory {
  uint32_t struct_size, kind;
  const char *id, *version;
  const void *ops;
} rhumb_factory_t;

typedef struct rhumb_plugin {
  uint32_t magic, struct_size;
  uint16_t abi_major, abi_minor_min, abi_minor_built, draft; /* draft != 0: built against draft headers */
  const char *id, *version, *license, *draft_hash;
  uint64_t factory_count;
  const rhumb_factory_t *const *factories;
} rhumb_plugin_t;

/* Pure: no I/O, no threads, no allocation; returns static data. */
#define RHUMB_PLUGIN_SYMBOL "rhumb_plugin_v1"
RHUMB_EXPORT_SYMBOL const rhumb_plugin_t *RHUMB_CALL rhumb_plugin_v1(void);
typedef const rhumb_plugin_t *(RHUMB_CALL *rhumb_plugin_fn)(void);

/* Common part of what an instance is opened with.
 * config_json: the engine's own parameters (an object; empty = defaults).
 * data_dir: where the instance keeps or finds its files, UTF-8; empty = it has none. */
typedef struct rhumb_open {
  uint32_t struct_size, flags;
  rhumb_slice_t config_json, data_dir;
  const rhumb_ext_t *ext;
} rhumb_open_t;

/* The first five slots of every kind's table.
 *   open           [control] may block; *out is set only on RHUMB_OK
 *   close          [control] after every rhumb_done_t has fired; joins the instance's own threads
 *   get_extension  [any-thread] static data or NULL */
#define RHUMB_OPS_HEAD(self_t, open_t)                                                                        \
  uint32_t struct_size, caps;                                                                                 \
  rhumb_status_t(RHUMB_CALL *open)(const rhumb_host_t *, const open_t *, self_t **out, rhumb_error_t *error); \
  void(RHUMB_CALL *close)(self_t *);                                                                          \
  const void *(RHUMB_CALL *get_extension)(self_t *, const char *id);

#ifdef __cplusplus
}
#endif
#endif
