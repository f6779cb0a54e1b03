// A filter that is ready for evaluation: paths are parsed and values are in sets.
// Matcher::compile() makes it. The matcher evaluates it row by row, the planner set by set. It is
// immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <variant>
#include <vector>

#include "host/base/uuid.h"
#include "host/model/filter.h"
#include "host/payload/json/json_path.h"

namespace rhumb::payload {

struct CompiledFilter;
using base::Uuid;
// Accepts the forms that ids accept, but for the prefix "urn:uuid:" before 32 digits without
// dashes.
std::optional<Uuid> parse_uuid(std::string_view text);

struct StringHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
using StringSet = std::unordered_set<std::string, StringHash, std::equal_to<>>;

// The values of a match condition, by type. A number never equals a string or a bool, and a float
// never equals an integer (5.0 is not 5).
struct ValueSet {
  StringSet strings;              // in a UUID set: strings that are not UUIDs
  std::vector<int64_t> integers;  // sorted, without duplicates
  std::vector<uint64_t> large;    // integers that int64_t cannot hold; sorted, without duplicates
  bool has_true = false, has_false = false;
  bool as_uuid = false;     // the field is declared `uuid`
  std::vector<Uuid> uuids;  // sorted, without duplicates; only if as_uuid

  bool contains(const Value& value) const;
  bool has_integers() const { return !integers.empty() || !large.empty(); }
  bool has_strings() const { return !strings.empty() || !uuids.empty(); }
  bool has_bools() const { return has_true || has_false; }
};

struct AnyOf {
  ValueSet values;
};
struct NoneOf {
  ValueSet values;
};
struct IdSet {
  StringSet keys;
};
// Without a bit there is no such vector, and nothing matches.
struct VectorBit {
  std::optional<uint32_t> bit;
};
// CompiledCondition::path ends in [].
struct NestedFilter {
  std::unique_ptr<CompiledFilter> filter;
};
struct SubGroup {
  std::unique_ptr<CompiledFilter> filter;
};

struct CompiledCondition {
  JsonPath path;  // for a condition on a field
  // The canonical text of the path from the root of the payload, also for a nested condition. It is
  // the name of the field's index.
  std::string field;
  std::variant<AnyOf, NoneOf, model::Range, model::DatetimeRange, model::ValuesCount,
               model::IsEmpty, model::IsNull, IdSet, VectorBit, NestedFilter, SubGroup>
      test;
};

struct CompiledFilter {
  std::vector<CompiledCondition> must, should, must_not, min_should;
  uint32_t min_count = 0;
  bool min_should_set = false;
  bool empty() const {
    return must.empty() && should.empty() && must_not.empty() && !min_should_set;
  }
};

template <typename RangeType, typename T>
bool in_range(const RangeType& range, T value) {
  return (!range.lt || value < *range.lt) && (!range.lte || value <= *range.lte) &&
         (!range.gt || value > *range.gt) && (!range.gte || value >= *range.gte);
}

}  // namespace rhumb::payload
