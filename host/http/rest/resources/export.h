// Streams all points of a collection.
#pragma once

#include "host/http/rest/call.h"

namespace rhumb::http::rest::points {

void export_all(const CallPtr& x);

}  // namespace rhumb::http::rest::points
