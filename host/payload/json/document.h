// Reading payload text where it lies. Payloads are minified JSON that was validated when it was
// written and is guarded by the checksums of what stores it, so nothing is parsed ahead: a Value is
// the slice of text of one JSON value, and what it holds is looked at on demand. Nothing allocates
// but unescaping. For one member of a 225-byte payload this costs 0.1 to 0.2 us, a simdjson DOM
// (which needs padding, so a copy) 0.16; for longer payloads, of which a filter wants the first
// members, the walk stops where the DOM goes on.
//
// Text that is not JSON after all ends the walk early and is reported through RHUMB_UNEXPECTED: no
// read goes beyond the slice. Use check_document() for text from outside.
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

  bool as_bool() const { return text_[0] == 't'; }  // of kBool
  // of kInteger that fits; a float is none, even 1.0
  std::optional<int64_t> as_int64() const;
  std::optional<uint64_t> as_uint64() const;       // the same, without a sign
  std::optional<double> as_double() const;         // of a number, the nearest double
  std::optional<model::Number> as_number() const;  // of a number, exactly
  bool equals(std::string_view string) const;      // of kString, unescaped
  // of kString, unescaped into scratch only if it has escapes
  std::string_view as_string(std::string& scratch) const;

  Value find(std::string_view key) const;  // member of kObject, else kMissing
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

// The whole text is one minified JSON object in UTF-8, at most kMaxJsonDepth deep and
// kMaxPayloadBytes long, integers within
// [-2^63, 2^64), floats finite, no key twice in an object. Empty text (no payload) is fine.
// kInvalid tells what and at which byte.
base::Status check_document(std::string_view text);

}  // namespace rhumb::payload
