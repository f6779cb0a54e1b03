/* Offers an engine of a kind that comes with a later host, and one that this host knows. */
#include "rogue.h"

static const rhumb_index_ops_t ops = ROGUE_OPS;
static const rhumb_factory_t known = ROGUE_FACTORY("later_kind", &ops);
static const rhumb_factory_t unknown = {.struct_size = sizeof(rhumb_factory_t),
                                        .kind = 4711,
                                        .id = "embedder",
                                        .version = "1.0.0",
                                        .ops = &ops};
static const rhumb_factory_t* const factories[] = {&unknown, &known};
static const rhumb_plugin_t plugin = ROGUE_PLUGIN("later_kind", 2, factories);
RHUMB_EXPORT const rhumb_plugin_t* rhumb_plugin_v1(void) { return &plugin; }
