// The differences between the types of payload indexes: which values each type holds, under which
// keys, and how a condition's values become keys.
//
// key_of() returns the key of a value, or nothing if the index does not hold such values. Those
// values are "foreign": their rows stay open in every answer that they could belong to.
// any_keys() returns the keys under which values equal to one of the set are held. kExact: exactly
// the rows with such a key match. kSuperset: no other rows can match. kUnknown: the index cannot
// decide.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/model/collection.h"
#include "host/model/filter.h"
#include "host/payload/filter/compiled_filter.h"
#include "host/payload/index/terms.h"
#include "host/payload/json/document.h"

namespace rhumb::payload {

enum class Knowledge : uint8_t { kExact, kSuperset, kUnknown };

// The kind of a foreign value, as a bit.
enum ForeignBit : uint8_t {
  kForeignNumber = 1,
  kForeignString = 2,
  kForeignBool = 4,
  kForeignOther = 8
};
inline constexpr uint32_t kForeignKinds = 4;
inline constexpr uint8_t kForeignAny = 15;

inline uint8_t foreign_bit(Kind kind) {
  switch (kind) {
    case Kind::kInteger:
    case Kind::kFloat:
      return kForeignNumber;
    case Kind::kString:
      return kForeignString;
    case Kind::kBool:
      return kForeignBool;
    default:
      return kForeignOther;
  }
}

// The kinds of foreign values that can equal a value of the set.
inline uint8_t foreign_equals(const ValueSet& values) {
  uint8_t bits = 0;
  if (values.has_integers()) bits |= kForeignNumber;
  if (values.has_strings()) bits |= kForeignString;
  if (values.has_bools()) bits |= kForeignBool;
  return bits;
}

struct BytesHash {
  size_t operator()(std::string_view bytes) const { return std::hash<std::string_view>{}(bytes); }
  size_t operator()(const Uuid& uuid) const {
    return (*this)(std::string_view(reinterpret_cast<const char*>(uuid.data()), uuid.size()));
  }
};

struct KeywordKind {
  using Key = std::string;
  using Terms = HashedTerms<Key, BytesHash>;
  static constexpr model::FieldType kType = model::FieldType::kKeyword;
  static std::optional<Key> key_of(const Value& value) {
    if (value.kind() != Kind::kString) return std::nullopt;
    std::string scratch;
    return std::string(value.as_string(scratch));
  }
  static Knowledge any_keys(const ValueSet& values, std::vector<Key>& keys) {
    if (values.as_uuid) return Knowledge::kUnknown;  // one UUID can be written in several ways
    keys.assign(values.strings.begin(), values.strings.end());
    return Knowledge::kExact;
  }
};

struct IntegerKind {
  using Key = int64_t;
  using Terms = OrderedTerms<Key>;
  using RangeType = model::Range;
  static constexpr model::FieldType kType = model::FieldType::kInteger;
  // Floats, and integers that int64_t cannot hold.
  static constexpr uint8_t kForeignInRange = kForeignNumber;
  static std::optional<Key> key_of(const Value& value) { return value.as_int64(); }
  static model::Number in_range_as(Key key) { return key; }
  static Knowledge any_keys(const ValueSet& values, std::vector<Key>& keys) {
    keys = values.integers;
    return Knowledge::kExact;
  }
};

struct FloatKind {
  using Key = double;
  using Terms = OrderedTerms<Key>;
  using RangeType = model::Range;
  static constexpr model::FieldType kType = model::FieldType::kFloat;
  // Integers that no double equals.
  static constexpr uint8_t kForeignInRange = kForeignNumber;
  static std::optional<Key> key_of(const Value& value) {
    const std::optional<double> number = value.as_double();
    return number ? std::optional(*number + 0.0) : std::nullopt;  // -0.0 becomes 0.0
  }
  // Every number is held, but an integer beyond 2^53 may be held as its neighbour. Such a row is
  // also marked as foreign.
  static bool rounds(const Value& value, Key key) {
    return value.kind() == Kind::kInteger && value.as_number() != model::Number(key);
  }
  static model::Number in_range_as(Key key) { return key; }
  // A range that contains the keys of all numbers within `range`, rounded or not.
  static RangeType rounded(const RangeType& range) {
    RangeType out;
    for (const auto& bound : {range.gt, range.gte}) {
      if (bound && !(out.gte && *out.gte > model::Number(bound->rounded())))
        out.gte = bound->rounded();
    }
    for (const auto& bound : {range.lt, range.lte}) {
      if (bound && !(out.lte && *out.lte < model::Number(bound->rounded())))
        out.lte = bound->rounded();
    }
    return out;
  }
  static Knowledge any_keys(const ValueSet& values, std::vector<Key>& keys) {
    for (const int64_t integer : values.integers) keys.push_back(static_cast<double>(integer));
    for (const uint64_t integer : values.large) keys.push_back(static_cast<double>(integer));
    return Knowledge::kSuperset;  // 5.0 and 5 have the same key
  }
};

struct BoolKind {
  using Key = uint8_t;
  using Terms = OrderedTerms<Key>;
  static constexpr model::FieldType kType = model::FieldType::kBool;
  static std::optional<Key> key_of(const Value& value) {
    return value.kind() == Kind::kBool ? std::optional<Key>(value.as_bool() ? 1 : 0) : std::nullopt;
  }
  static Knowledge any_keys(const ValueSet& values, std::vector<Key>& keys) {
    if (values.has_false) keys.push_back(0);
    if (values.has_true) keys.push_back(1);
    return Knowledge::kExact;
  }
};

struct DatetimeKind {
  using Key = int64_t;  // microseconds since the Unix epoch
  using Terms = OrderedTerms<Key>;
  using RangeType = model::DatetimeRange;
  static constexpr model::FieldType kType = model::FieldType::kDatetime;
  static constexpr uint8_t kForeignInRange = 0;  // a string that is not a time is in no range
  static std::optional<Key> key_of(const Value& value) {
    if (value.kind() != Kind::kString) return std::nullopt;
    std::string scratch;
    return model::parse_datetime(value.as_string(scratch));
  }
  static Key in_range_as(Key key) { return key; }
  static Knowledge any_keys(const ValueSet& values, std::vector<Key>& keys) {
    if (values.as_uuid) return Knowledge::kUnknown;
    for (const std::string& text : values.strings) {
      if (const std::optional<int64_t> at = model::parse_datetime(text)) keys.push_back(*at);
    }
    return Knowledge::kSuperset;  // one moment can be written in several ways
  }
};

struct UuidKind {
  using Key = Uuid;
  using Terms = HashedTerms<Key, BytesHash>;
  static constexpr model::FieldType kType = model::FieldType::kUuid;
  static std::optional<Key> key_of(const Value& value) {
    if (value.kind() != Kind::kString) return std::nullopt;
    std::string scratch;
    return parse_uuid(value.as_string(scratch));
  }
  static Knowledge any_keys(const ValueSet& values, std::vector<Key>& keys) {
    if (values.as_uuid) {
      keys = values.uuids;
      return Knowledge::kExact;
    }
    for (const std::string& text : values.strings) {
      if (const std::optional<Uuid> uuid = parse_uuid(text)) keys.push_back(*uuid);
    }
    return Knowledge::kSuperset;
  }
};

}  // namespace rhumb::payload
