/* Built by a later SDK: longer structs, but content with this host. It must load. */
#include "rogue.h"

struct later_ops {
  rhumb_index_ops_t now;
  void (*added)(void);
};
struct later_plugin {
  rhumb_plugin_t now;
  uint64_t added;
};
static struct later_ops ops = {.now = ROGUE_OPS, .added = NULL};
static const rhumb_factory_t factory = ROGUE_FACTORY("later_minor", &ops);
static const rhumb_factory_t* const factories[] = {&factory};
static struct later_plugin plugin = {.now = ROGUE_PLUGIN("later_minor", 1, factories), .added = 1};
RHUMB_EXPORT const rhumb_plugin_t* rhumb_plugin_v1(void) {
  ops.now.struct_size = sizeof ops;
  plugin.now.struct_size = sizeof plugin;
  plugin.now.abi_minor_built = RHUMB_ABI_MINOR + 3;
  return &plugin.now;
}
