/* Returns nothing. */
#include "rogue.h"

RHUMB_EXPORT const rhumb_plugin_t* rhumb_plugin_v1(void) { return NULL; }
