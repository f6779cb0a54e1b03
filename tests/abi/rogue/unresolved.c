/* Needs a function that nobody has: must fail at load, not at the first search. */
#include "rogue.h"

extern int nobody_has_this(void);
static const rhumb_factory_t* const factories[] = {NULL};
static rhumb_plugin_t plugin = ROGUE_PLUGIN("unresolved", 0, factories);
RHUMB_EXPORT const rhumb_plugin_t* rhumb_plugin_v1(void) {
  plugin.factory_count = (uint64_t)nobody_has_this();
  return &plugin;
}
