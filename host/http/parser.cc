#include "host/http/parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>

#include "host/base/ascii.h"
#include "host/base/assert.h"
#include "host/base/limits.h"

namespace rhumb::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;

std::string_view view(beast::string_view s) { return {s.data(), s.size()}; }

}  // namespace

// Reads one whole head. The views that it gets point into the head, because the head has no folds.
class Parser::HeadParser final : public beast::http::basic_parser<true> {
 public:
  explicit HeadParser(Request& target) : request(target) {
    header_limit(UINT32_MAX);  // scan_head() has bounded the head.
    // Not boost::none, which Beast 1.74 compares as if it were less than any length.
    body_limit(UINT64_MAX);
  }
  Request& request;
  bool http11 = false;

 private:
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                       int version, error_code&) override {
    request.method = view(method);
    request.target = view(target);
    http11 = version == 11;
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     error_code&) override {
    request.fields.push_back({view(name), view(value)});
  }
  void on_response_impl(int, beast::string_view, int, error_code&) override { RHUMB_ASSERT(false); }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, error_code&) override {
    return 0;
  }
  void on_finish_impl(error_code&) override {}
};

bool Parser::refuse(int status, std::string message) {
  error_ = {status, std::move(message)};
  return false;
}

Parser::Event Parser::step(std::string_view in, size_t& consumed, std::string& body) {
  RHUMB_ASSERT(error_.status == 0);
  consumed = 0;
  return head_done_ ? step_body(in, consumed, body) : step_head(in, consumed);
}

Parser::Event Parser::step_head(std::string_view in, size_t& consumed) {
  const bool complete = scan_head(in, consumed);
  if (error_.status != 0) return Event::kError;
  if (!complete) return Event::kNeedMore;
  if (!parse_head()) return Event::kError;
  head_done_ = true;
  return Event::kHead;
}

// Copies the head out of the input up to its empty line. It refuses at the first byte that no
// honest client sends, because a head without CRLF would otherwise hang until the timeout.
bool Parser::scan_head(std::string_view in, size_t& taken) {
  std::string& head = request_->head;
  if (head.empty()) head.reserve(std::min<size_t>(in.size(), 4096));
  for (taken = 0; taken < in.size(); ++taken) {
    const char c = in[taken];
    const size_t n = head.size();
    const char last = n == 0 ? '\0' : head[n - 1];
    if (n >= max_header_bytes_) {
      const bool in_request_line = head.find('\n') == std::string::npos;
      return refuse(in_request_line ? 414 : 431, "the head of the request is over " +
                                                     std::to_string(max_header_bytes_) + " bytes");
    }
    if ((c == '\n') != (last == '\r'))
      return refuse(400, "bare CR or LF in the head of the request");
    const auto u = static_cast<unsigned char>(c);
    if ((u < 0x20 && c != '\t' && c != '\r' && c != '\n') || u == 0x7f) {
      return refuse(400, "control character in the head of the request");
    }
    if (last == '\n' && (c == ' ' || c == '\t')) return refuse(400, "folded header line");
    head.push_back(c);
    if (c != '\n') continue;
    if (n == 1) return refuse(400, "empty request line");
    if (n >= 3 && head[n - 2] == '\n') {
      ++taken;
      return true;
    }
  }
  return false;
}

bool Parser::parse_head() {
  const std::string_view head = request_->head;
  if (std::count(head.begin(), head.end(), '\n') > base::limits::kMaxHeaderFields + 2) {
    return refuse(431,
                  "more than " + std::to_string(base::limits::kMaxHeaderFields) + " header fields");
  }
  HeadParser parser(*request_);
  error_code ec;
  const size_t used = parser.put(boost::asio::const_buffer(head.data(), head.size()), ec);
  if (ec) return refuse(400, "malformed request: " + ec.message());
  RHUMB_ASSERT(used == head.size());
  http11_ = parser.http11;
  keep_alive_ = parser.keep_alive();
  return check_framing() && check_target() && check_codings();
}

// The request must say where its body ends, once and in one way.
bool Parser::check_framing() {
  uint32_t hosts = 0, lengths = 0, codings = 0;
  for (const Field& field : request_->fields) {
    if (base::equal_ignoring_case(field.name, "host")) ++hosts;
    if (base::equal_ignoring_case(field.name, "content-length")) {
      ++lengths;
      const auto [end, error] = std::from_chars(
          field.value.data(), field.value.data() + field.value.size(), content_length_);
      if (error != std::errc() || end != field.value.data() + field.value.size())
        return refuse(400, "malformed Content-Length");
    }
    if (base::equal_ignoring_case(field.name, "transfer-encoding")) {
      ++codings;
      if (!base::equal_ignoring_case(field.value, "chunked") || !http11_)
        return refuse(400, "the Transfer-Encoding must be \"chunked\"");
    }
  }
  if (hosts > 1 || (hosts == 0 && http11_)) return refuse(400, "exactly one Host field is needed");
  if (lengths > 1) return refuse(400, "more than one Content-Length");
  if (codings > 1) return refuse(400, "more than one Transfer-Encoding");
  if (lengths + codings > 1) return refuse(400, "Content-Length together with Transfer-Encoding");
  chunked_ = codings == 1;
  return true;
}

bool Parser::check_target() {
  std::string_view target = request_->target;
  for (const char c : target) {
    const auto u = static_cast<unsigned char>(c);
    if (u <= 0x20 || u >= 0x7f || c == '#')
      return refuse(400, "the request target holds a character that must be percent-encoded");
  }
  // The absolute form is meant for proxies, but a server has to accept it (RFC 9112, 3.2.2).
  const size_t scheme = target.find("://");
  if (target.front() != '/' && scheme != std::string_view::npos) {
    if (!base::equal_ignoring_case(target.substr(0, scheme), "http") &&
        !base::equal_ignoring_case(target.substr(0, scheme), "https")) {
      return refuse(400, "the request target is neither a path nor an http URL");
    }
    const size_t slash = target.find('/', scheme + 3);
    if (slash == std::string_view::npos && target.find('?') != std::string_view::npos)
      return refuse(400, "the request target has no path");
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  const bool asterisk = target == "*" && request_->method == "OPTIONS";
  if (target.front() != '/' && !asterisk) return refuse(400, "the request target is not a path");
  request_->target = target;
  const size_t mark = target.find('?');
  request_->path = target.substr(0, mark);
  if (mark != std::string_view::npos) request_->query = target.substr(mark + 1);
  if (request_->method == "HEAD") {
    request_->method = "GET";
    request_->head_only = true;
  }
  return true;
}

bool Parser::check_codings() {
  uint32_t codings = 0;
  for (const Field& field : request_->fields) {
    if (base::equal_ignoring_case(field.name, "content-encoding") &&
        !base::equal_ignoring_case(field.value, "identity") && !field.value.empty()) {
      if (!base::equal_ignoring_case(field.value, "gzip") &&
          !base::equal_ignoring_case(field.value, "x-gzip")) {
        return refuse(415, "the Content-Encoding must be gzip or identity");
      }
      ++codings;
    }
    if (base::equal_ignoring_case(field.name, "expect") && http11_) {
      if (!base::equal_ignoring_case(field.value, "100-continue"))
        return refuse(417, "the only Expect that is served is 100-continue");
      expects_continue_ = true;
    }
  }
  if (codings > 1) return refuse(415, "more than one content coding");
  gzip_body_ = codings == 1;
  return true;
}

Parser::Event Parser::step_body(std::string_view in, size_t& consumed, std::string& body) {
  const size_t before = body.size();
  if (!chunked_) {
    consumed = static_cast<size_t>(std::min<uint64_t>(content_length_ - body_seen_, in.size()));
    body.append(in.substr(0, consumed));
    body_seen_ += consumed;
    if (body_seen_ == content_length_) return Event::kDone;
    return consumed > 0 ? Event::kBody : Event::kNeedMore;
  }
  switch (chunks_.step(in, consumed, body)) {
    case ChunkDecoder::Event::kDone:
      return Event::kDone;
    case ChunkDecoder::Event::kNeedMore:
      return body.size() > before ? Event::kBody : Event::kNeedMore;
    case ChunkDecoder::Event::kMalformed:
      refuse(400, "malformed chunked body");
      return Event::kError;
    case ChunkDecoder::Event::kTooLarge:
      refuse(413, "the body is over the limit");
      return Event::kError;
  }
  RHUMB_ASSERT(false);
}

}  // namespace rhumb::http
