#include "host/payload/json/document.h"

#include <charconv>
#include <cstring>

#include "host/base/assert.h"
#include "host/payload/json/lexer.h"

namespace rhumb::payload {
namespace {

bool has_escape(std::string_view inside) {
  return std::memchr(inside.data(), '\\', inside.size()) != nullptr;
}

}  // namespace

Kind Value::kind() const {
  if (text_.empty()) return Kind::kMissing;
  switch (text_[0]) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case '"':
      return Kind::kString;
    case 't':
    case 'f':
      return Kind::kBool;
    case 'n':
      return Kind::kNull;
    default:
      return text_.find_first_of(".eE") == std::string_view::npos ? Kind::kInteger : Kind::kFloat;
  }
}

std::optional<int64_t> Value::as_int64() const {
  if (kind() != Kind::kInteger) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
  if (error != std::errc() || end != text_.data() + text_.size()) return std::nullopt;
  return value;
}

std::optional<uint64_t> Value::as_uint64() const {
  if (kind() != Kind::kInteger) return std::nullopt;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
  if (error != std::errc() || end != text_.data() + text_.size()) return std::nullopt;
  return value;
}

std::optional<double> Value::as_double() const {
  if (!is_number()) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
  if (end != text_.data() + text_.size()) return std::nullopt;
  // A number that is too small reads as zero. A number that is too large is refused when payloads
  // are written.
  if (error == std::errc::result_out_of_range) {
    return text_.find("e-") != std::string_view::npos || text_.find("E-") != std::string_view::npos
               ? std::optional(0.0)
               : std::nullopt;
  }
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

std::optional<model::Number> Value::as_number() const {
  if (kind() == Kind::kInteger) {
    if (const std::optional<int64_t> whole = as_int64()) return model::Number(*whole);
    if (const std::optional<uint64_t> large = as_uint64()) return model::Number(*large);
  }
  const std::optional<double> number = as_double();
  return number ? std::optional(model::Number(*number)) : std::nullopt;
}

bool Value::equals(std::string_view string) const {
  // Escapes only lengthen the text, so the length alone already rules out most strings.
  if (text_.size() < string.size() + 2) return false;
  const std::string_view inside = text_.substr(1, text_.size() - 2);
  if (!has_escape(inside)) return inside == string;
  std::string plain;
  return append_unescaped(plain, inside) && plain == string;
}

std::string_view Value::as_string(std::string& scratch) const {
  if (text_.size() < 2) return {};
  const std::string_view inside = text_.substr(1, text_.size() - 2);
  if (!has_escape(inside)) return inside;
  scratch.clear();
  const bool read = append_unescaped(scratch, inside);
  RHUMB_UNEXPECTED(!read);
  return scratch;
}

Value Value::find(std::string_view key) const {
  if (kind() != Kind::kObject) return {};
  for (MemberCursor member(*this); member.next();) {
    if (member.key().equals(key)) return member.value();
  }
  return {};
}

bool ElementCursor::next() {
  if (damaged_) return false;
  const char c = at_ < text_.size() ? text_[at_] : '\0';
  if (c == ']' && at_ + 1 == text_.size()) return false;
  if (at_ > 1 && c == ',') ++at_;
  const size_t end = at_ > 1 && c != ',' ? kDamaged : skip_value(text_, at_);
  if (end == kDamaged) {
    damaged_ = true;
    RHUMB_UNEXPECTED(damaged_);
    return false;
  }
  value_ = Value(text_.substr(at_, end - at_));
  at_ = end;
  return true;
}

bool MemberCursor::next() {
  if (damaged_) return false;
  const char c = at_ < text_.size() ? text_[at_] : '\0';
  if (c == '}' && at_ + 1 == text_.size()) return false;
  const bool separated = at_ == 1 || c == ',';
  if (at_ > 1 && separated) ++at_;
  const size_t key_end =
      separated && at_ < text_.size() && text_[at_] == '"' ? skip_string(text_, at_) : kDamaged;
  const bool colon = key_end != kDamaged && key_end < text_.size() && text_[key_end] == ':';
  const size_t end = colon ? skip_value(text_, key_end + 1) : kDamaged;
  if (end == kDamaged) {
    damaged_ = true;
    RHUMB_UNEXPECTED(damaged_);
    return false;
  }
  key_ = Value(text_.substr(at_, key_end - at_));
  value_ = Value(text_.substr(key_end + 1, end - key_end - 1));
  at_ = end;
  return true;
}

}  // namespace rhumb::payload
