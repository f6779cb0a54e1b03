#include "engine/engine.h"

RHUMB_PLUGIN("index_rhumb", "0.1.0", "Apache-2.0", &rhumb::index_factory<rhumb::coded::Engine>)
