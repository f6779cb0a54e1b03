#include "host/payload/filter/matcher.h"

#include <algorithm>

#include "host/payload/filter/compiled_filter.h"

namespace rhumb::payload {
namespace {

bool passes(const CompiledFilter& filter, const Value& root, const PointFacts& facts);

// For conditions on single values: true if any element at the path satisfies `test`.
template <typename Test>
bool any_element(const CompiledCondition& condition, const Value& root, Test test) {
  return !condition.path.visit_elements(root, [&](const Value& value) { return !test(value); });
}

bool differs(const ValueSet& values, const Value& value) {
  return value.kind() != Kind::kNull && !values.contains(value);
}

bool in_dates(const model::DatetimeRange& range, const Value& value) {
  if (value.kind() != Kind::kString) return false;
  std::string scratch;
  const std::optional<int64_t> at = model::parse_datetime(value.as_string(scratch));
  return at && in_range(range, *at);
}

bool is_empty(const JsonPath& path, const Value& root) {
  return path.visit(root, [](const Value& value) {
    return value.kind() == Kind::kNull || value.is_empty_array();
  });
}

bool is_null(const JsonPath& path, const Value& root) {
  return !path.visit_elements(root, [](const Value& value) { return value.kind() != Kind::kNull; });
}

uint64_t count_values(const Value& value) {
  if (value.kind() != Kind::kArray) return value.kind() == Kind::kNull ? 0 : 1;
  uint64_t count = 0;
  for (ElementCursor element(value); element.next();) ++count;
  return count;
}

// Counts each value at the path by itself: in `lines[].codes` each line has its own array of codes.
// A field that does not exist has no values.
bool has_count(const model::ValuesCount& wanted, const JsonPath& path, const Value& root) {
  bool there = false;
  const bool none = path.visit(root, [&](const Value& value) {
    there = true;
    return !in_range(wanted, count_values(value));
  });
  return there ? !none : in_range(wanted, uint64_t{0});
}

struct Check {
  const CompiledCondition& condition;
  const Value& root;
  const PointFacts& facts;

  bool operator()(const AnyOf& any) const {
    return any_element(condition, root,
                       [&](const Value& value) { return any.values.contains(value); });
  }
  bool operator()(const NoneOf& except) const {
    return any_element(condition, root,
                       [&](const Value& value) { return differs(except.values, value); });
  }
  bool operator()(const model::Range& range) const {
    return any_element(condition, root, [&](const Value& value) {
      const std::optional<model::Number> number = value.as_number();
      return number && in_range(range, *number);
    });
  }
  bool operator()(const model::DatetimeRange& range) const {
    return any_element(condition, root, [&](const Value& value) { return in_dates(range, value); });
  }
  bool operator()(const model::ValuesCount& count) const {
    return has_count(count, condition.path, root);
  }
  bool operator()(const model::IsEmpty& empty) const {
    return is_empty(condition.path, root) == empty.value;
  }
  bool operator()(const model::IsNull& null) const {
    return is_null(condition.path, root) == null.value;
  }
  bool operator()(const IdSet& ids) const { return ids.keys.find(facts.id_key) != ids.keys.end(); }
  bool operator()(const VectorBit& vector) const {
    return vector.bit && (facts.presence >> *vector.bit & 1) != 0;
  }
  bool operator()(const NestedFilter& nested) const {
    const PointFacts none;  // an element has neither an id nor vectors
    return !condition.path.visit(root, [&](const Value& element) {
      return element.kind() != Kind::kObject || !passes(*nested.filter, element, none);
    });
  }
  bool operator()(const SubGroup& group) const { return passes(*group.filter, root, facts); }
};

bool passes(const CompiledFilter& filter, const Value& root, const PointFacts& facts) {
  const auto holds = [&](const CompiledCondition& condition) {
    return std::visit(Check{condition, root, facts}, condition.test);
  };
  if (!std::all_of(filter.must.begin(), filter.must.end(), holds)) return false;
  if (std::any_of(filter.must_not.begin(), filter.must_not.end(), holds)) return false;
  if (!filter.should.empty() && std::none_of(filter.should.begin(), filter.should.end(), holds))
    return false;
  if (!filter.min_should_set) return true;
  uint32_t held = 0;
  for (auto at = filter.min_should.begin();
       at != filter.min_should.end() && held < filter.min_count; ++at)
    held += holds(*at) ? 1 : 0;
  return held >= filter.min_count;
}

}  // namespace

bool Matcher::matches(const PointFacts& facts) const {
  return passes(*filter_, Value(facts.payload.empty() ? std::string_view("{}") : facts.payload),
                facts);
}

bool Matcher::passes_everything() const { return filter_->empty(); }

}  // namespace rhumb::payload
