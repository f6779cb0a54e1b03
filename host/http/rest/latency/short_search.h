// Decides which queries are worth trying on a loop: those whose search of the graph may take well
// under a millisecond.
#pragma once

#include <optional>
#include <string>

#include "host/gateway/query.h"

namespace rhumb::http::rest {

// Returns the name under which similar queries share their latency: the vector, and the fields of
// the filter. Returns nothing when the query may take long. A filter may be tried when it consists
// of a few plain conditions on fields with a payload index, because other filters read the payloads
// of all rows.
std::optional<std::string> short_search_kind(const gateway::Query& query,
                                             const model::CollectionConfig& config);

}  // namespace rhumb::http::rest
