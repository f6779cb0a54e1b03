/* Claims the engine id of a plugin that comes before it in the directory. */
#include "rogue.h"

static const rhumb_index_ops_t ops = ROGUE_OPS;
static const rhumb_factory_t factory = ROGUE_FACTORY("honest", &ops);
static const rhumb_factory_t* const factories[] = {&factory};
static const rhumb_plugin_t plugin = ROGUE_PLUGIN("taken_id", 1, factories);
RHUMB_EXPORT const rhumb_plugin_t* rhumb_plugin_v1(void) { return &plugin; }
