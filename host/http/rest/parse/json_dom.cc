#include <charconv>
#include <memory>
#include <unordered_map>

#include "host/base/json_text.h"
#include "host/base/limits.h"
#include "host/http/request.h"
#include "host/http/rest/parse/json_dom.h"

namespace rhumb::http::rest {
namespace {

using base::Result;
using base::Status;
static_assert(kBodyPadding >= simdjson::SIMDJSON_PADDING);

// A parser that grew beyond this size is not kept by its thread.
constexpr size_t kKeepParserBytes = 4 * 1024 * 1024;
// A parser that did not grow beyond this size is always kept.
constexpr size_t kSmallParserBytes = 64 * 1024;
// A body is small for a parser that has room for this many such bodies.
constexpr size_t kSmallShare = 8;
// After this many small bodies in a row, the parser is too large for its thread.
constexpr uint32_t kSmallBodies = 64;
// Objects of at most this size are searched for duplicate keys directly.
constexpr size_t kFewMembers = 16;

struct ThreadParser {
  std::unique_ptr<simdjson::dom::parser> parser;
  size_t grown_to = 0;  // the parser keeps about 13 bytes for each of these
  uint32_t small_bodies = 0;
};

Status json_error(simdjson::error_code code) {
  if (code == simdjson::DEPTH_ERROR) {
    return base::malformed_body("nested deeper than " +
                                std::to_string(base::limits::kMaxJsonDepth) + " levels")
        .with({.field = "", .limit = base::limits::kMaxJsonDepth});
  }
  return base::malformed_body(simdjson::error_message(code));
}

bool has_later_duplicate(const Object& object, size_t position, std::string_view key) {
  size_t i = 0;
  for (const auto field : object) {
    if (i++ > position && field.key == key) return true;
  }
  return false;
}

void append_members(std::string& out, const Object& object) {
  const size_t n = object.size();
  std::unordered_map<std::string_view, size_t> last;
  if (n > kFewMembers) {
    size_t i = 0;
    for (const auto field : object) last[field.key] = i++;
  }
  out += '{';
  bool first = true;
  size_t i = 0;
  for (const auto field : object) {
    const size_t position = i++;
    if (n > kFewMembers ? last[field.key] != position
                        : has_later_duplicate(object, position, field.key))
      continue;
    if (!first) out += ',';
    first = false;
    base::append_json_string(out, field.key);
    out += ':';
    append_minified(out, field.value);
  }
  out += '}';
}

template <typename T>
void append_chars(std::string& out, T value) {
  char text[40];
  out.append(text, std::to_chars(text, text + sizeof(text), value).ptr);
}

}  // namespace

Result<Element> parse_body(const std::string& body) {
  static thread_local ThreadParser kept;
  kept.small_bodies = kept.grown_to > kSmallParserBytes && body.size() < kept.grown_to / kSmallShare
                          ? kept.small_bodies + 1
                          : 0;
  if (kept.parser == nullptr || kept.grown_to > kKeepParserBytes ||
      kept.small_bodies > kSmallBodies) {
    kept = {std::make_unique<simdjson::dom::parser>(), 0, 0};
  }
  if (body.size() > kept.grown_to) {
    if (const auto error = kept.parser->allocate(body.size(), base::limits::kMaxJsonDepth);
        error != simdjson::SUCCESS)
      return json_error(error);
    kept.grown_to = body.size();
  }
  if (body.empty()) return base::malformed_body("the body is empty");
  const bool padded = body.capacity() - body.size() >= simdjson::SIMDJSON_PADDING;
  Element element;
  const auto error = kept.parser->parse(body.data(), body.size(), !padded).get(element);
  if (error != simdjson::SUCCESS) return json_error(error);
  return element;
}

std::optional<Element> member(const Object& object, std::string_view name) {
  std::optional<Element> found;
  for (const auto field : object) {
    if (field.key == name) found = field.value;  // the last one counts
  }
  if (found && found->is_null()) return std::nullopt;
  return found;
}

std::string_view type_name(const Element& e) {
  switch (e.type()) {
    case simdjson::dom::element_type::ARRAY:
      return "an array";
    case simdjson::dom::element_type::OBJECT:
      return "an object";
    case simdjson::dom::element_type::INT64:
    case simdjson::dom::element_type::UINT64:
      return "an integer";
    case simdjson::dom::element_type::DOUBLE:
      return "a float";
    case simdjson::dom::element_type::STRING:
      return "a string";
    case simdjson::dom::element_type::BOOL:
      return "a boolean";
    case simdjson::dom::element_type::NULL_VALUE:
      return "null";
  }
  return "something else";
}

namespace {
Status expected(const std::string& where, std::string_view what, const Element& e) {
  return format_error(where,
                      "expected " + std::string(what) + ", got " + std::string(type_name(e)));
}
}  // namespace

Result<Object> as_object(const Element& e, const std::string& where) {
  Object out;
  if (e.get(out) != simdjson::SUCCESS) return expected(where, "an object", e);
  return out;
}
Result<Array> as_array(const Element& e, const std::string& where) {
  Array out;
  if (e.get(out) != simdjson::SUCCESS) return expected(where, "an array", e);
  return out;
}
Result<std::string_view> as_string(const Element& e, const std::string& where) {
  std::string_view out;
  if (e.get(out) != simdjson::SUCCESS) return expected(where, "a string", e);
  return out;
}
Result<bool> as_bool(const Element& e, const std::string& where) {
  bool out = false;
  if (e.get(out) != simdjson::SUCCESS) return expected(where, "true or false", e);
  return out;
}
Result<double> as_number(const Element& e, const std::string& where) {
  double out = 0;
  if (!e.is_number() || e.get(out) != simdjson::SUCCESS) return expected(where, "a number", e);
  return out;
}
Result<uint64_t> as_unsigned(const Element& e, const std::string& where, uint64_t min,
                             uint64_t max) {
  uint64_t out = 0;
  if (e.get(out) != simdjson::SUCCESS) {
    if (!e.is_number()) return expected(where, "a whole number", e);
    return format_error(where, "expected a whole number from " + std::to_string(min) + " to " +
                                   std::to_string(max));
  }
  if (out < min || out > max) {
    return out_of_range(where, std::to_string(out) + " is not from " + std::to_string(min) +
                                   " to " + std::to_string(max));
  }
  return out;
}

void append_minified(std::string& out, const Element& e) {
  switch (e.type()) {
    case simdjson::dom::element_type::OBJECT:
      return append_members(out, Object(e));
    case simdjson::dom::element_type::STRING:
      return base::append_json_string(out, std::string_view(e));
    case simdjson::dom::element_type::INT64:
      return append_chars(out, int64_t(e));
    case simdjson::dom::element_type::UINT64:
      return append_chars(out, uint64_t(e));
    case simdjson::dom::element_type::BOOL:
      out += bool(e) ? "true" : "false";
      return;
    case simdjson::dom::element_type::NULL_VALUE:
      out += "null";
      return;
    case simdjson::dom::element_type::DOUBLE: {
      const size_t start = out.size();
      append_chars(out, double(e));
      if (out.find_first_of(".e", start) == std::string::npos) out += ".0";
      return;
    }
    case simdjson::dom::element_type::ARRAY: {
      out += '[';
      bool first = true;
      for (const Element item : Array(e)) {
        if (!first) out += ',';
        first = false;
        append_minified(out, item);
      }
      out += ']';
      return;
    }
  }
}

}  // namespace rhumb::http::rest
