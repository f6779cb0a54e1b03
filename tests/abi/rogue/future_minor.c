/* Needs a minor version that this host does not have. */
#include "rogue.h"

static rhumb_index_ops_t ops = ROGUE_OPS;
static rhumb_factory_t factory = ROGUE_FACTORY("future_minor", &ops);
static const rhumb_factory_t* const factories[] = {&factory};
static rhumb_plugin_t plugin = ROGUE_PLUGIN("future_minor", 1, factories);
RHUMB_EXPORT const rhumb_plugin_t* rhumb_plugin_v1(void) {
  plugin.abi_minor_min = RHUMB_ABI_MINOR + 1;
  return &plugin;
}
