#include "host/http/response.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "host/base/assert.h"

namespace rhumb::http {
namespace {

// One date per second is enough, because strftime costs more than the rest of the head.
std::string_view http_date() {
  thread_local time_t made_at = 0;
  thread_local char text[32];
  thread_local size_t size = 0;
  const time_t now = std::time(nullptr);
  if (now != made_at || size == 0) {
    tm utc{};
    gmtime_r(&now, &utc);
    size = std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    made_at = now;
  }
  return {text, size};
}

bool is_token(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return (u >= 0x20 && u != 0x7f) || c == '\t';
  });
}

void add(std::string& out, std::string_view name, std::string_view value) {
  const bool sane = is_token(name) && is_field_value(value);
  RHUMB_UNEXPECTED(!sane);
  if (sane) out.append(name).append(": ").append(value).append("\r\n");
}

std::string number(uint64_t value, int base = 10) {
  char text[24];
  return {text, std::to_chars(text, text + sizeof(text), value, base).ptr};
}

}  // namespace

std::string_view status_text(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 507:
      return "Insufficient Storage";
    default:
      return "Unknown";
  }
}

bool status_has_body(int status) { return status >= 200 && status != 204 && status != 304; }

std::string response_head(const Response& response, const HeadContext& context) {
  RHUMB_ASSERT(response.status >= 200 && response.status <= 599);
  std::string out;
  out.reserve(384);
  out += context.http11 ? "HTTP/1.1 " : "HTTP/1.0 ";
  out += number(static_cast<uint64_t>(response.status));
  out.append(" ").append(status_text(response.status)).append("\r\n");
  add(out, "Date", http_date());
  if (status_has_body(response.status)) {
    if (!response.content_type.empty()) add(out, "Content-Type", response.content_type);
    if (context.chunked)
      add(out, "Transfer-Encoding", "chunked");
    else if (!context.until_close)
      add(out, "Content-Length", number(context.content_length));
    if (context.gzip) add(out, "Content-Encoding", "gzip");
  }
  if (context.vary_encoding) add(out, "Vary", "Accept-Encoding");
  if (context.vary_origin) add(out, "Vary", "Origin");
  if (!context.keep_alive)
    add(out, "Connection", "close");
  else if (!context.http11)
    add(out, "Connection", "keep-alive");
  if (!context.request_id.empty()) add(out, "X-Request-Id", context.request_id);
  if (!context.allow_origin.empty()) {
    add(out, "Access-Control-Allow-Origin", context.allow_origin);
    add(out, "Access-Control-Expose-Headers", "Retry-After, X-Request-Id, X-Rhumb-Session");
  }
  for (const auto& [name, value] : response.headers) add(out, name, value);
  out += "\r\n";
  return out;
}

std::string chunk_frame(std::string_view bytes) {
  if (bytes.empty()) return {};
  std::string out = number(bytes.size(), 16);
  out.reserve(out.size() + bytes.size() + 4);
  out.append("\r\n").append(bytes).append("\r\n");
  return out;
}

bool is_compressible(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return type.starts_with("text/") || type.find("json") != std::string_view::npos ||
         type == "application/yaml" || type == "application/javascript" || type == "image/svg+xml";
}

}  // namespace rhumb::http
