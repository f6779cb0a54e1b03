// Import: a streamed body becomes bounded batches of upserts, a few of them in flight; the socket
// is read no faster than they are acknowledged. The first bad line ends it with its number and how
// many points were acknowledged before.
#pragma once

#include <memory>

#include "host/http/request.h"
#include "host/http/rest/call.h"
#include "host/http/rest/parse/point_stream.h"

namespace rhumb::http::rest {

// answers the exchange itself when it cannot start, and returns nullptr
std::unique_ptr<BodySink> start_import(const CallPtr& x);

namespace points {
void import_buffered(const CallPtr& x);
}

}  // namespace rhumb::http::rest
