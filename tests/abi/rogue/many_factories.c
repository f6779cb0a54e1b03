/* A count that is no count. */
#include "rogue.h"

static rhumb_index_ops_t ops = ROGUE_OPS;
static rhumb_factory_t factory = ROGUE_FACTORY("many_factories", &ops);
static const rhumb_factory_t* const factories[] = {&factory};
static rhumb_plugin_t plugin = ROGUE_PLUGIN("many_factories", 1, factories);
RHUMB_EXPORT const rhumb_plugin_t* rhumb_plugin_v1(void) {
  plugin.factory_count = UINT64_MAX;
  return &plugin;
}
