// A filter is a tree of conditions: pure data that is validated on reading (limits.h), with a
// binary codec for messages. The semantics are Qdrant's: all of must hold, at least one of should
// holds (if there are any), none of must_not holds, and at least min_count of min_should hold. A
// condition on a field with several values (an array) holds if it holds for any of them. A filter
// is copied as a value; copies share the filters that are nested in it, which never change.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "host/base/bytes.h"
#include "host/base/status.h"
#include "host/model/id.h"
#include "host/model/number.h"

namespace rhumb::model {

struct Condition;

struct Filter {
  std::vector<Condition> must, should, must_not;
  std::vector<Condition> min_should;
  uint32_t min_count = 0;  // for min_should; used only when min_should_set
  bool min_should_set = false;
  bool empty() const;  // true if there is no clause at all, so every point passes
};

// A uint64_t holds only a value that int64_t cannot hold.
using MatchValue = std::variant<std::string, int64_t, bool, uint64_t>;

// The field has a value that is one of these. {value: v} becomes a MatchAny of one value.
struct MatchAny {
  std::vector<MatchValue> values;
};
// The field has a value that is none of these.
struct MatchExcept {
  std::vector<MatchValue> values;
};
// Numbers are compared exactly. One value must satisfy every bound that is given.
struct Range {
  std::optional<Number> lt, lte, gt, gte;
};
// Microseconds since the Unix epoch, UTC.
struct DatetimeRange {
  std::optional<int64_t> lt, lte, gt, gte;
};
// The number of values: the length of an array, 1 for a scalar, 0 for null or a missing field. If
// there are several arrays, one of them must satisfy the bounds.
struct ValuesCount {
  std::optional<uint64_t> lt, lte, gt, gte;
};
// Empty means missing, null or [].
struct IsEmpty {
  bool value = true;
};
// The field is present and null, or it is an array that holds null.
struct IsNull {
  bool value = true;
};
struct HasId {
  std::vector<PointId> ids;
};
struct HasVector {
  std::string name;
};
// At least one element of the array at `key` satisfies the whole filter.
struct Nested {
  std::shared_ptr<const Filter> filter;
};
struct SubFilter {
  std::shared_ptr<const Filter> filter;
};

struct Condition {
  // JSON path (a.b, a[0], a[].b, "odd key".b). Empty for has_id, has_vector and a sub-filter.
  std::string key;
  std::variant<MatchAny, MatchExcept, Range, DatetimeRange, ValuesCount, IsEmpty, IsNull, HasId,
               HasVector, Nested, SubFilter>
      test;
};

uint64_t memory_bytes(const Filter& filter);  // about how much memory the tree takes
void encode(const Filter& filter, base::ByteWriter& out);
// Bounds the depth and the counts, because the input may be hostile.
base::Result<Filter> decode_filter(base::ByteReader& in);

// Parses RFC 3339 and the date-like forms that Qdrant accepts ("2024-01-31", "2024-01-31 12:00",
// with or without a zone) to microseconds, UTC.
std::optional<int64_t> parse_datetime(std::string_view text);

}  // namespace rhumb::model
