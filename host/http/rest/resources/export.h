// All points of a collection as a stream.
#pragma once

#include "host/http/rest/call.h"

namespace rhumb::http::rest::points {

void export_all(const CallPtr& x);

}  // namespace rhumb::http::rest::points
