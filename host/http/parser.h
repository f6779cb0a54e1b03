// From bytes to a Request, without any I/O: the kept parser of Boost.Beast reads the head, behind
// checks of our own for what it lets through; bodies are counted or unchunked here.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "host/http/chunks.h"
#include "host/http/request.h"

namespace rhumb::http {

// A refusal: the status to answer with before the connection closes.
struct ParseError {
  int status = 0;
  std::string message;
};

// Reads one request. One instance a request, one thread.
// The head must be plain: CRLF line ends, no folds, no NUL, one Host (HTTP/1.1), one Content-Length
// or exactly "Transfer-Encoding: chunked"; whatever else two servers could read differently is
// refused, since it is how requests are smuggled.
class Parser {
 public:
  enum class Event { kNeedMore, kHead, kBody, kDone, kError };

  explicit Parser(uint64_t max_header_bytes)
      : max_header_bytes_(max_header_bytes), request_(std::make_shared<Request>()) {}
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // Reads from the front of `in` and sets `consumed`: all of it, or up to the event. Takes input in
  // any pieces.
  //   kHead: the head is complete, request() is filled; decide about the body, then go on.
  //   kBody: raw body bytes (chunks undone, content coding not) were appended to `body`.
  //   kDone: the request is complete (perhaps with bytes appended).  kError: see error().
  Event step(std::string_view in, size_t& consumed, std::string& body);

  // Of a chunked body, chunk sizes summed; to be set after kHead. Over it: 413. (A Content-Length
  // is the caller's to check.)
  void limit_body(uint64_t bytes) { chunks_.limit(bytes); }

  const std::shared_ptr<Request>& request() const { return request_; }
  const ParseError& error() const { return error_; }
  // Valid after kHead.
  bool has_body() const { return chunked_ || content_length_ > 0; }
  uint64_t content_length() const { return content_length_; }  // 0 when chunked or none
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
  uint64_t body_seen_ = 0;  // of content_length_
  bool chunked_ = false;
  bool http11_ = false;
  bool keep_alive_ = false;
  bool head_done_ = false;
  bool expects_continue_ = false;
  bool gzip_body_ = false;
};

}  // namespace rhumb::http
