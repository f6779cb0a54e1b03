// From bytes to a Request, without any I/O. Boost.Beast's parser reads the head after our own
// checks for what that parser lets through. Bodies are counted or unchunked here.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "host/http/chunks.h"
#include "host/http/request.h"

namespace rhumb::http {

// A refusal, with the status to answer before the connection closes.
struct ParseError {
  int status = 0;
  std::string message;
};

// Reads one request. Use one instance per request, on one thread. The head must be plain: CRLF line
// ends, no folds, no NUL, one Host (HTTP/1.1), and one Content-Length or exactly
// "Transfer-Encoding: chunked". Anything else that two servers could read differently is refused,
// because request smuggling works that way.
class Parser {
 public:
  enum class Event { kNeedMore, kHead, kBody, kDone, kError };

  explicit Parser(uint64_t max_header_bytes)
      : max_header_bytes_(max_header_bytes), request_(std::make_shared<Request>()) {}
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // Reads from the front of `in` and sets `consumed`: all of it, or the part up to the event. Takes
  // input in pieces of any size.
  //   kHead: the head is complete and request() is filled; decide about the body, then go on.
  //   kBody: raw body bytes (chunks undone, content coding not) were appended to `body`.
  //   kDone: the request is complete; bytes may have been appended.
  //   kError: see error().
  Event step(std::string_view in, size_t& consumed, std::string& body);

  // Limits the sum of the chunk sizes of a chunked body. Call it after kHead. A body over the limit
  // gets a 413. The caller itself checks a Content-Length.
  void limit_body(uint64_t bytes) { chunks_.limit(bytes); }

  const std::shared_ptr<Request>& request() const { return request_; }
  const ParseError& error() const { return error_; }
  // The functions below are valid after kHead.
  bool has_body() const { return chunked_ || content_length_ > 0; }
  // 0 when the body is chunked or absent
  uint64_t content_length() const { return content_length_; }
  bool http11() const { return http11_; }
  bool keep_alive() const { return keep_alive_; }
  bool expects_continue() const { return expects_continue_; }
  bool gzip_body() const { return gzip_body_; }

 private:
  class HeadParser;
  Event step_head(std::string_view in, size_t& consumed);
  Event step_body(std::string_view in, size_t& consumed, std::string& body);
  bool scan_head(std::string_view in, size_t& taken);
  bool parse_head();
  bool check_framing();
  bool check_target();
  bool check_codings();
  bool refuse(int status, std::string message);

  const uint64_t max_header_bytes_;
  std::shared_ptr<Request> request_;
  ParseError error_;
  ChunkDecoder chunks_;
  uint64_t content_length_ = 0;
  uint64_t body_seen_ = 0;  // bytes of content_length_ that have come
  bool chunked_ = false;
  bool http11_ = false;
  bool keep_alive_ = false;
  bool head_done_ = false;
  bool expects_continue_ = false;
  bool gzip_body_ = false;
};

}  // namespace rhumb::http
