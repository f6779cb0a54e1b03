/* Built against a manifest that never was. */
#include "rogue.h"

static rhumb_index_ops_t ops = ROGUE_OPS;
static rhumb_factory_t factory = ROGUE_FACTORY("short_struct", &ops);
static const rhumb_factory_t* const factories[] = {&factory};
static rhumb_plugin_t plugin = ROGUE_PLUGIN("short_struct", 1, factories);
RHUMB_EXPORT const rhumb_plugin_t* rhumb_plugin_v1(void) {
  plugin.struct_size = 32;
  return &plugin;
}
