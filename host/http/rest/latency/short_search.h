// Which queries are worth trying on a loop: what a search of the graph takes well under a
// millisecond for, if anything does.
#pragma once

#include <optional>
#include <string>

#include "host/http/rest/parse/parse_query.h"

namespace rhumb::http::rest {

// The name under which queries like this one share their latency: the vector, and the fields of the
// filter. Nothing when it may take long. A filter may be tried when it consists of a few plain
// conditions on fields with a payload index: others read the payloads of all rows.
std::optional<std::string> short_search_kind(const ParsedQuery& query,
                                             const model::CollectionConfig& config);

}  // namespace rhumb::http::rest
