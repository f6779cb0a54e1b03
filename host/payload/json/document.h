// Reads payload text in place. Payloads are minified JSON that was validated when it was written,
// and the checksums of its storage guard it, so nothing is parsed ahead: a Value is the slice of
// text of one JSON value, and its content is examined on demand. Only unescaping allocates. Reading
// one member of a 225-byte payload takes 0.1 to 0.2 us; a simdjson DOM, which needs padding and
// therefore a copy, takes 0.16 us. In longer payloads a filter usually needs the first members;
// there the walk stops early while a DOM parses on.
//
// If the text is not JSON after all, the walk ends early and RHUMB_UNEXPECTED reports it. No read
// goes beyond the slice. Text from outside must pass check_document().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/status.h"
#include "host/model/number.h"

namespace rhumb::payload {

enum class Kind : uint8_t { kMissing, kNull, kBool, kInteger, kFloat, kString, kArray, kObject };

class Value {
 public:
  Value() = default;  // kMissing
  explicit Value(std::string_view text) : text_(text) {}

  std::string_view text() const { return text_; }
  bool exists() const { return !text_.empty(); }
  Kind kind() const;
  bool is_number() const { return kind() == Kind::kInteger || kind() == Kind::kFloat; }

  bool as_bool() const { return text_[0] == 't'; }  // requires kBool
  // The value of a kInteger that fits. A float has none, not even 1.0.
  std::optional<int64_t> as_int64() const;
  // Like as_int64(), for unsigned integers.
  std::optional<uint64_t> as_uint64() const;
  // The nearest double of a number.
  std::optional<double> as_double() const;
  // The exact value of a number.
  std::optional<model::Number> as_number() const;
  bool equals(std::string_view string) const;  // of a kString, unescaped
  // The text of a kString. It is unescaped into `scratch` only if it has escapes.
  std::string_view as_string(std::string& scratch) const;

  Value find(std::string_view key) const;  // a member of a kObject, else kMissing
  bool is_empty_array() const { return text_ == "[]"; }

 private:
  std::string_view text_;
};

class ElementCursor {
 public:
  explicit ElementCursor(const Value& array) : text_(array.text()) {}
  bool next();
  const Value& value() const { return value_; }
  bool damaged() const { return damaged_; }

 private:
  std::string_view text_;
  size_t at_ = 1;
  Value value_;
  bool damaged_ = false;
};

class MemberCursor {
 public:
  explicit MemberCursor(const Value& object) : text_(object.text()) {}
  bool next();
  const Value& key() const { return key_; }  // a kString
  const Value& value() const { return value_; }
  bool damaged() const { return damaged_; }

 private:
  std::string_view text_;
  size_t at_ = 1;
  Value key_, value_;
  bool damaged_ = false;
};

// Checks that the whole text is one minified JSON object in UTF-8, at most kMaxJsonDepth deep and
// kMaxPayloadBytes long, with integers within [-2^63, 2^64), finite floats and no duplicate key in
// an object. Empty text (no payload) is valid. kInvalid names the fault and the byte offset.
base::Status check_document(std::string_view text);

}  // namespace rhumb::payload
