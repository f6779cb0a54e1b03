/* A table that ends before the first release's did. */
#include "rogue.h"

static rhumb_index_ops_t ops = ROGUE_OPS;
static rhumb_factory_t factory = ROGUE_FACTORY("short_ops", &ops);
static const rhumb_factory_t* const factories[] = {&factory};
static rhumb_plugin_t plugin = ROGUE_PLUGIN("short_ops", 1, factories);
RHUMB_EXPORT const rhumb_plugin_t* rhumb_plugin_v1(void) {
  ops.struct_size = offsetof(rhumb_index_ops_t, search);
  return &plugin;
}
