// Reading requests: a small one, and bodies with a length and in chunks.
#include "host/base/limits.h"
#include "host/http/parser.h"
#include "tests/bench/micro/micro.h"

namespace rhumb::bench {
namespace {

constexpr size_t kBodyBytes = 20'000;

std::string head(const std::string& line, const std::string& framing) {
  return line +
         " HTTP/1.1\r\nHost: localhost:6333\r\nUser-Agent: python-client/1.16.0 python/3.11\r\n"
         "Accept: */*\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n"
         "Content-Type: application/json\r\n" +
         framing + "\r\n";
}

std::string chunked(const std::string& body, size_t chunk) {
  std::string out;
  for (size_t at = 0; at < body.size(); at += chunk) {
    const std::string part = body.substr(at, chunk);
    char size[16];
    std::snprintf(size, sizeof size, "%zx\r\n", part.size());
    out += size + part + "\r\n";
  }
  return out + "0\r\n\r\n";
}

// Returns the number of bytes that the request took, or 0 if it was refused.
size_t parse(std::string_view text, std::string& body) {
  http::Parser parser(base::limits::kMaxHeaderBytes);
  body.clear();
  size_t used = 0;
  while (true) {
    size_t consumed = 0;
    const auto event = parser.step(text.substr(used), consumed, body);
    used += consumed;
    if (event == http::Parser::Event::kDone) return used;
    if (event == http::Parser::Event::kHead) {
      if (!parser.has_body()) return used;
      parser.limit_body(base::limits::kMaxBodyBytes);
    }
    if (event == http::Parser::Event::kError || event == http::Parser::Event::kNeedMore) return 0;
  }
}

void add_request(const std::string& name, const std::string& text) {
  add("http/" + name, [text] {
    std::string body;
    require(parse(text, body) == text.size(), "the request is refused");
    return [text, body]() mutable { benchmark::DoNotOptimize(parse(text, body)); };
  });
}

}  // namespace

void add_benchmarks() {
  const std::string body(kBodyBytes, 'x'), line = "POST /collections/c/points/query";
  add_request("get", head("GET /collections/c/points/17", ""));
  add_request("length",
              head(line, "Content-Length: " + std::to_string(body.size()) + "\r\n") + body);
  add_request("chunks", head(line, "Transfer-Encoding: chunked\r\n") + chunked(body, 4096));
}

}  // namespace rhumb::bench
