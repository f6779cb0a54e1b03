#include "hnsw.h"

RHUMB_PLUGIN("index_hnsw", "0.1.0", "Apache-2.0", &rhumb::index_factory<rhumb::hnsw::Hnsw>)
