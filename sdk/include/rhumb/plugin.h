/* Rhumb plugin SDK: the one symbol that a plugin exports, and the functions that all tables share.
 * This header is a DRAFT: see draft.h.
 *
 * The host checks a plugin in this order. A refusal names the file, the field, the expected value
 * and the value that was found.
 *   1. The file exports the symbol rhumb_plugin_v1.
 *   2. `magic` is RHUMB_PLUGIN_MAGIC.
 *   3. `struct_size` is at least the size that rhumb_plugin_t had in version 1.0.
 *   4. `abi_major` is 1.
 *   5. `abi_minor_min` is at most the host's minor version.
 *   6. If `draft` is not 0, `draft_hash` equals the host's.
 *   7. `id`, `version`, `license` and the factories are well-formed.
 *   8. No two factories of one kind have the same id. */
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

/* The bits of ops.caps that all kinds share. The bits of one kind start at bit 8. OWN_THREADS: the
 * engine starts threads of its own. */
enum { RHUMB_CAP_OWN_THREADS = 1 };

/* One engine of a plugin. `ops` points to the table of its kind, for example rhumb_index_ops_t.
 * `id` consists of 1 to 64 characters of [a-z0-9_] and is unique within its kind. */
typedef struct rhumb_factory {
  uint32_t struct_size, kind;
  const char *id, *version;
  const void* ops;
} rhumb_factory_t;

/* The manifest of a plugin. `abi_minor_min` is the lowest minor version of the host that the plugin
 * works with, `abi_minor_built` the one of the headers that it was built with. `draft` is not 0 if
 * the plugin was built with draft headers; `draft_hash` is then RHUMB_DRAFT_HASH of draft.h.
 * `license` is an SPDX expression. */
typedef struct rhumb_plugin {
  uint32_t magic, struct_size;
  uint16_t abi_major, abi_minor_min, abi_minor_built, draft;
  const char *id, *version, *license, *draft_hash;
  uint64_t factory_count;
  const rhumb_factory_t* const* factories;
} rhumb_plugin_t;

/* The function returns static data. It does no I/O, starts no thread and allocates nothing. */
#define RHUMB_PLUGIN_SYMBOL "rhumb_plugin_v1"
RHUMB_EXPORT_SYMBOL const rhumb_plugin_t* RHUMB_CALL rhumb_plugin_v1(void);
typedef const rhumb_plugin_t*(RHUMB_CALL* rhumb_plugin_fn)(void);

/* The arguments of open() that all kinds share.
 * `config_json` is a JSON object with the engine's parameters. Empty means that all have defaults.
 * `data_dir` is the directory of the instance's files, in UTF-8. It is empty if there is none.
 *
 * The host sends these parameters:
 *   index      those that index.h lists
 *   log        those that storage.h lists
 *   auth       api_key and read_only_api_key for an engine that takes keys (auth.h), else {}
 *   kv, router, consensus
 *              none: config_json is empty
 * `flags` and `ext` have no meaning yet: the host sends 0 and NULL. */
typedef struct rhumb_open {
  uint32_t struct_size, flags;
  rhumb_slice_t config_json, data_dir;
  const rhumb_ext_t* ext;
} rhumb_open_t;

/* The first five members of every table of functions.
 *   open           [control] It may block. It sets *out only if it returns RHUMB_OK.
 *   close          [control] The host calls it after every rhumb_done_t has fired and no other call
 *                  runs. It joins the threads that the instance started.
 *   get_extension  [any-thread] It returns static data, or NULL for an id that the engine does not
 *                  know. */
#define RHUMB_OPS_HEAD(self_t, open_t)                                               \
  uint32_t struct_size, caps;                                                        \
  rhumb_status_t(RHUMB_CALL* open)(const rhumb_host_t*, const open_t*, self_t** out, \
                                   rhumb_error_t* error);                            \
  void(RHUMB_CALL * close)(self_t*);                                                 \
  const void*(RHUMB_CALL * get_extension)(self_t*, const char* id);

#ifdef __cplusplus
}
#endif
#endif
