// What became of the points of one collection in another one, such as a branch.
#pragma once

#include "host/http/rest/call.h"

namespace rhumb::http::rest::points {

// Streams lines of JSON: {"id", "change": "new" | "gone" | "changed"} for each point that differs,
// in the order of ids, then one line with the numbers of each.
void diff(const CallPtr& x);

}  // namespace rhumb::http::rest::points
