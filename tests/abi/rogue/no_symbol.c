/* A library, but no plugin. */
#include "rogue.h"

RHUMB_EXPORT_SYMBOL int not_a_plugin(void);
int not_a_plugin(void) { return 1; }
