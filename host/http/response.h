// Turns a Response into bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/http/request.h"

namespace rhumb::http {

std::string_view status_text(int status);

// The parts of a response head that the connection and the request decide.
struct HeadContext {
  bool http11 = true;
  bool keep_alive = true;
  bool chunked = false;  // If false, content_length is sent, except for statuses without a body.
  // Neither chunked nor counted: the end of the connection is the end of the body (HTTP/1.0
  // streams).
  bool until_close = false;
  uint64_t content_length = 0;
  bool gzip = false;  // sends Content-Encoding
  bool vary_encoding = false;
  bool vary_origin = false;
  std::string_view request_id;
  std::string_view allow_origin;  // CORS
};
// Returns the status line and the fields, with the empty line. A field whose name or value could
// break out of its line is left out and counted.
std::string response_head(const Response& response, const HeadContext& context);

// Returns "1f40\r
// ...\r
// ". An empty piece yields nothing, because an empty chunk would end the body.
std::string chunk_frame(std::string_view bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

bool status_has_body(int status);  // false for 1xx, 204 and 304
// Whether packing a body of this type makes it smaller.
bool is_compressible(std::string_view content_type);

}  // namespace rhumb::http
