// The upload of an archive, which is unpacked while it comes. The socket is read no faster than the
// disk takes the files.
#pragma once

#include <memory>

#include "host/http/request.h"
#include "host/http/rest/call.h"

namespace rhumb::http::rest::snapshots {

// When it cannot start, it answers the exchange itself and returns nullptr.
std::unique_ptr<BodySink> start_upload(const CallPtr& x);

// A body that was not streamed is empty, so there is nothing to unpack.
void upload_buffered(const CallPtr& x);

}  // namespace rhumb::http::rest::snapshots
