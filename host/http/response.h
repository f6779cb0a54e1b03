// From a Response to bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/http/request.h"

namespace rhumb::http {

std::string_view status_text(int status);

// What the connection and the request add to a response.
struct HeadContext {
  bool http11 = true;
  bool keep_alive = true;
  bool chunked = false;  // else content_length, but for the statuses that have no body
  // neither: the end of the connection is the end of the body (HTTP/1.0 streams)
  bool until_close = false;
  uint64_t content_length = 0;
  bool gzip = false;  // Content-Encoding
  bool vary_encoding = false;
  bool vary_origin = false;
  std::string_view request_id;
  std::string_view allow_origin;  // CORS
};
// Status line and fields with the empty line. Fields whose name or value could break out of its
// line are left out and counted.
std::string response_head(const Response& response, const HeadContext& context);

// "1f40\r\n...\r\n"; an empty piece yields nothing, since it would end the body.
std::string chunk_frame(std::string_view bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

bool status_has_body(int status);  // not 1xx, 204, 304
// Whether packing a body of that type makes it smaller.
bool is_compressible(std::string_view content_type);

}  // namespace rhumb::http
