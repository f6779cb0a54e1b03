/* Claims the plugin id of another. */
#include "rogue.h"

static rhumb_index_ops_t ops = ROGUE_OPS;
static rhumb_factory_t factory = ROGUE_FACTORY("taken_plugin_id", &ops);
static const rhumb_factory_t* const factories[] = {&factory};
static rhumb_plugin_t plugin = ROGUE_PLUGIN("taken_plugin_id", 1, factories);
RHUMB_EXPORT const rhumb_plugin_t* rhumb_plugin_v1(void) {
  plugin.id = "honest";
  return &plugin;
}
