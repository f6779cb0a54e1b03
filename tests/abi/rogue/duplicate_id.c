/* Two engines of one id in one kind. */
#include "rogue.h"

static const rhumb_index_ops_t ops = ROGUE_OPS;
static const rhumb_factory_t factory = ROGUE_FACTORY("twin", &ops);
static const rhumb_factory_t* const factories[] = {&factory, &factory};
static const rhumb_plugin_t plugin = ROGUE_PLUGIN("duplicate_id", 2, factories);
RHUMB_EXPORT const rhumb_plugin_t* rhumb_plugin_v1(void) { return &plugin; }
