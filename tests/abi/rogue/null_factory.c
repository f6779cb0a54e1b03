/* A hole in the list of factories. */
#include "rogue.h"

static const rhumb_factory_t* const factories[] = {NULL};
static const rhumb_plugin_t plugin = ROGUE_PLUGIN("null_factory", 1, factories);
RHUMB_EXPORT const rhumb_plugin_t* rhumb_plugin_v1(void) { return &plugin; }
