/* Nothing is wrong with this one: it must load, whatever its neighbours do. */
#include "rogue.h"

static const rhumb_index_ops_t ops = ROGUE_OPS;
static const rhumb_factory_t factory = ROGUE_FACTORY("honest", &ops);
static const rhumb_factory_t* const factories[] = {&factory};
static const rhumb_plugin_t plugin = ROGUE_PLUGIN("honest", 1, factories);
RHUMB_EXPORT const rhumb_plugin_t* rhumb_plugin_v1(void) { return &plugin; }
