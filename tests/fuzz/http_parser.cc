// The bytes of a connection. However they are cut into pieces, the parser's result is the same, and
// it reads no more than it was given.
#include "host/base/limits.h"
#include "host/http/parser.h"
#include "tests/fuzz/fuzz.h"

namespace {

using rhumb::http::Parser;

struct Seen {
  int status = -1;  // -1: incomplete; 0: complete; otherwise the status of a refusal
  std::string body, method, path;
  size_t used = 0;
};

Seen read(std::string_view text, size_t step) {
  Parser parser(rhumb::base::limits::kMaxHeaderBytes);
  Seen seen;
  std::string pending;
  for (size_t at = 0; at < text.size(); at += step) {
    pending += text.substr(at, step);
    for (Parser::Event event = Parser::Event::kBody; event != Parser::Event::kNeedMore;) {
      size_t consumed = 0;
      event = parser.step(pending, consumed, seen.body);
      FUZZ_CHECK(consumed <= pending.size());
      pending.erase(0, consumed);
      seen.used += consumed;
      if (event == Parser::Event::kError) {
        seen.status = parser.error().status;
        FUZZ_CHECK(seen.status >= 400 && seen.status < 600 && !parser.error().message.empty());
        return seen;
      }
      if (event == Parser::Event::kHead) parser.limit_body(1000);
      if (event == Parser::Event::kDone || (event == Parser::Event::kHead && !parser.has_body())) {
        seen.status = 0;
        seen.method = parser.request()->method;
        seen.path = parser.request()->path;
        return seen;
      }
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Seen whole = read(text, size == 0 ? 1 : size), pieces = read(text, 3);
  FUZZ_CHECK(whole.status == pieces.status);
  if (whole.status != 0) return 0;
  FUZZ_CHECK(whole.used == pieces.used && whole.body == pieces.body &&
             whole.method == pieces.method && whole.path == pieces.path);
  return 0;
}
