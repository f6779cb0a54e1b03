// A filter as JSON and a document, separated by a zero byte. The filter is compiled and evaluated,
// with the same result before and after the message codec.
#include "host/http/request.h"
#include "host/http/rest/parse/check_shape.h"
#include "host/http/rest/parse/json_dom.h"
#include "host/http/rest/parse/parse_filter.h"
#include "host/model/id.h"
#include "host/payload/filter/matcher.h"
#include "tests/fuzz/fuzz.h"

namespace rest = rhumb::http::rest;
using rhumb::payload::Matcher;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t cut = std::min(text.find('\0'), text.size());
  std::string body(text.substr(0, cut)), document(text.substr(std::min(cut + 1, text.size())));
  body.reserve(body.size() + rhumb::http::kBodyPadding);
  document.reserve(document.size() + rhumb::http::kBodyPadding);
  std::string payload;
  if (const auto parsed = rest::parse_body(document); parsed.ok() && parsed->is_object())
    rest::append_minified(payload, *parsed);
  const auto element = rest::parse_body(body);
  if (!element.ok()) return 0;
  if (!rest::check_shape(*element, rest::kFilter, "filter", nullptr).ok()) return 0;
  const auto filter = rest::parse_filter(*element, "filter");
  if (!filter.ok()) return 0;
  std::string bytes;
  rhumb::base::ByteWriter out(bytes);
  rhumb::model::encode(*filter, out);
  rhumb::base::ByteReader in(bytes);
  const auto decoded = rhumb::model::decode_filter(in);
  FUZZ_CHECK(decoded.ok());
  const rhumb::payload::FilterSchema schema{{"a", "b"}, {"u"}};
  const auto matcher = Matcher::compile(*filter, schema),
             again = Matcher::compile(*decoded, schema);
  FUZZ_CHECK(matcher.ok() == again.ok());
  if (!matcher.ok()) return 0;
  const std::string key = rhumb::model::PointId::number(7).key();
  const rhumb::payload::PointFacts facts{payload, key, 1};
  const bool passes = matcher->matches(facts);
  FUZZ_CHECK(passes == again->matches(facts));
  FUZZ_CHECK(passes || !matcher->passes_everything());
  return 0;
}
