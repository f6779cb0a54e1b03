// Writes what a collection's indexes report about themselves, for GET /collections/{c}. It is a
// member at the top level of the result, where strictly typed clients accept it.
#pragma once

#include "host/gateway/gateway.h"
#include "host/http/rest/parse/collection_settings.h"

namespace rhumb::http::rest {

// Returns [{"shard", "segment", "vector", "engine", "rows", "codes", "measured": {"recall",
// "queries", "ef"}, "why", "renewing", "doubtful", "clipped_rows"}, ..]. Unknown values are left
// out.
json indexes_json(const gateway::CollectionState& state);
// Adds one entry for each warning of the indexes. Of segments with the same warning, only the one
// with the lowest recall is named.
void add_index_warnings(const gateway::CollectionState& state, json& warnings);

}  // namespace rhumb::http::rest
