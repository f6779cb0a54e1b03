// What a collection's indexes say of themselves, for GET /collections/{c}. It stands at the top
// level of the result, where clients that parse strictly do not mind it.
#pragma once

#include "host/gateway/gateway.h"
#include "host/http/rest/parse/collection_settings.h"

namespace rhumb::http::rest {

// [{"shard", "segment", "vector", "engine", "rows", "codes", "measured": {"recall", "queries",
// "ef"}, "why", "renewing", "doubtful",
//   "clipped_rows"}, ..]; what is not known is left out.
json indexes_json(const gateway::CollectionState& state);
// Adds an entry for each thing that indexes warn of: of segments that warn alike, the one that
// finds least speaks for all.
void add_index_warnings(const gateway::CollectionState& state, json& warnings);

}  // namespace rhumb::http::rest
