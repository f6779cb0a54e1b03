// Import cuts a streamed body into bounded batches of upserts and keeps a few of them in flight.
// The socket is read no faster than the upserts are acknowledged. The first bad line ends the
// import; the error has the number of the line and the number of points that were acknowledged
// before.
#pragma once

#include <memory>

#include "host/http/request.h"
#include "host/http/rest/call.h"
#include "host/http/rest/parse/point_stream.h"

namespace rhumb::http::rest {

// When it cannot start, it answers the exchange itself and returns nullptr.
std::unique_ptr<BodySink> start_import(const CallPtr& x);

namespace points {
void import_buffered(const CallPtr& x);
}

}  // namespace rhumb::http::rest
