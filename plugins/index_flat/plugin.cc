#include "flat.h"

RHUMB_PLUGIN("index_flat", "0.1.0", "Apache-2.0", &rhumb::index_factory<rhumb::flat::Flat>)
