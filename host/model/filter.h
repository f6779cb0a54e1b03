// A filter as a tree of conditions: pure data, validated on reading (limits.h), with a binary codec
// for messages. Semantics are Qdrant's: must = all, should = at least one (if any are given),
// must_not = none, min_should = at least min_count. A condition on a field with several values
// (arrays) holds if it holds for any of them.
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
  uint32_t min_count = 0;  // of min_should; counts only when min_should_set
  bool min_should_set = false;
  bool empty() const;  // no clause at all: everything passes
};

// uint64_t: only what int64_t cannot hold
using MatchValue = std::variant<std::string, int64_t, bool, uint64_t>;

struct MatchAny {  // {value: v} is any of one
  std::vector<MatchValue> values;
};
struct MatchExcept {  // the field has a value that is none of these
  std::vector<MatchValue> values;
};
struct Range {  // numbers, compared exactly; every bound given must hold for one value
  std::optional<Number> lt, lte, gt, gte;
};
struct DatetimeRange {  // microseconds since the Unix epoch, UTC
  std::optional<int64_t> lt, lte, gt, gte;
};
// number of values: array length, 1 for a scalar, 0 for null or a missing field; of several arrays
// one must do
struct ValuesCount {
  std::optional<uint64_t> lt, lte, gt, gte;
};
struct IsEmpty {
  bool value = true;
};  // missing, null or []
struct IsNull {
  bool value = true;
};  // present and null (or an array holding null)
struct HasId {
  std::vector<PointId> ids;
};
struct HasVector {
  std::string name;
};
// some element of the array at `key` satisfies the whole filter
struct Nested {
  std::unique_ptr<Filter> filter;
};
struct SubFilter {
  std::unique_ptr<Filter> filter;
};

struct Condition {
  // JSON path (a.b, a[0], a[].b, "odd key".b); empty for has_id, has_vector, sub-filter
  std::string key;
  std::variant<MatchAny, MatchExcept, Range, DatetimeRange, ValuesCount, IsEmpty, IsNull, HasId,
               HasVector, Nested, SubFilter>
      test;
};

Filter clone(const Filter& filter);
void encode(const Filter& filter, base::ByteWriter& out);
// bounded depth and counts: input may be hostile
base::Result<Filter> decode_filter(base::ByteReader& in);

// RFC 3339 and the date-like forms that Qdrant takes ("2024-01-31", "2024-01-31 12:00", with or
// without zone) -> microseconds UTC.
std::optional<int64_t> parse_datetime(std::string_view text);

}  // namespace rhumb::model
