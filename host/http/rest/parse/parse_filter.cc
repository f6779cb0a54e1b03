#include "host/http/rest/parse/parse_filter.h"

#include "host/base/limits.h"
#include "host/http/rest/parse/shapes.h"
#include "host/payload/json/json_path.h"

namespace rhumb::http::rest {
namespace {

using base::Result;
using base::Status;
using model::Condition;
using model::Filter;
namespace limits = base::limits;

// Limits of the whole tree. They are counted while the tree is read.
struct Budget {
  uint32_t conditions = 0, depth = 0;
};
Result<Filter> parse_tree(const Element& e, const std::string& where, Budget& budget);

Result<model::MatchValue> parse_match_value(const Element& e, const std::string& where) {
  if (e.is_string()) return model::MatchValue(std::string(std::string_view(e)));
  if (e.is_bool()) return model::MatchValue(bool(e));
  int64_t number = 0;
  if (e.get(number) == simdjson::SUCCESS) return model::MatchValue(number);
  uint64_t large = 0;
  if (e.get(large) == simdjson::SUCCESS) return model::MatchValue(large);
  return format_error(
      where, "a match takes a string, an integer or a boolean, got " + std::string(type_name(e)));
}

Result<std::vector<model::MatchValue>> parse_match_list(const Element& e,
                                                        const std::string& where) {
  RHUMB_ASSIGN(const Array array, as_array(e, where));
  if (array.size() > limits::kMaxMatchAny) {
    return out_of_range(where, std::to_string(array.size()) + " values, at most " +
                                   std::to_string(limits::kMaxMatchAny));
  }
  std::vector<model::MatchValue> out;
  for (const Element item : array) {
    RHUMB_ASSIGN(auto value, parse_match_value(item, at(where, out.size())));
    const auto is_text = [](const model::MatchValue& v) {
      return std::holds_alternative<std::string>(v);
    };
    if (item.is_bool() || (!out.empty() && is_text(out.front()) != is_text(value))) {
      return format_error(at(where, out.size()),
                          "a list to match must hold only strings or only integers");
    }
    out.push_back(std::move(value));
  }
  return out;
}

Status parse_match(const Element& e, const std::string& where, Condition& c) {
  RHUMB_ASSIGN(const Object object, as_object(e, where));
  for (const std::string_view text : {"text", "text_any", "phrase", "prefix", "substring"}) {
    if (member(object, text))
      return base::unsupported("full-text match '" + std::string(text) + "' (" + where + ")");
  }
  if (const auto value = member(object, "value")) {
    RHUMB_ASSIGN(auto one, parse_match_value(*value, at(where, "value")));
    model::MatchAny any;
    any.values.push_back(std::move(one));
    c.test = std::move(any);
  } else if (const auto any = member(object, "any")) {
    RHUMB_ASSIGN(auto values, parse_match_list(*any, at(where, "any")));
    c.test = model::MatchAny{std::move(values)};
  } else if (const auto except = member(object, "except")) {
    RHUMB_ASSIGN(auto values, parse_match_list(*except, at(where, "except")));
    c.test = model::MatchExcept{std::move(values)};
  } else {
    return format_error(where, "a match needs one of value, any, except");
  }
  return base::ok();
}

constexpr std::string_view kBounds[] = {"lt", "lte", "gt", "gte"};

// Whole numbers stay whole. A number with a fraction or an exponent becomes the nearest double, as
// everywhere in JSON.
Result<model::Number> parse_bound(const Element& e, const std::string& where) {
  int64_t whole = 0;
  if (e.get(whole) == simdjson::SUCCESS) return model::Number(whole);
  uint64_t large = 0;
  if (e.get(large) == simdjson::SUCCESS) return model::Number(large);
  RHUMB_ASSIGN(const double number, as_number(e, where));
  return model::Number(number);
}

Status parse_range(const Element& e, const std::string& where, Condition& c) {
  RHUMB_ASSIGN(const Object object, as_object(e, where));
  model::Range numbers;
  model::DatetimeRange times;
  std::optional<model::Number>* number_of[] = {&numbers.lt, &numbers.lte, &numbers.gt,
                                               &numbers.gte};
  std::optional<int64_t>* time_of[] = {&times.lt, &times.lte, &times.gt, &times.gte};
  bool any_number = false, any_time = false;
  for (size_t i = 0; i < std::size(kBounds); ++i) {
    const auto bound = member(object, kBounds[i]);
    if (!bound) continue;
    const std::string place = at(where, kBounds[i]);
    if (bound->is_string()) {
      const std::string_view text(*bound);
      *time_of[i] = model::parse_datetime(text);
      if (!*time_of[i])
        return format_error(place, "'" + std::string(text) + "' is not a date or time (RFC 3339)");
      any_time = true;
    } else {
      RHUMB_ASSIGN(*number_of[i], parse_bound(*bound, place));
      any_number = true;
    }
  }
  if (any_number && any_time)
    return format_error(where, "the bounds of a range must be all numbers or all times");
  if (any_time)
    c.test = times;
  else
    c.test = numbers;
  return base::ok();
}

Status parse_values_count(const Element& e, const std::string& where, Condition& c) {
  RHUMB_ASSIGN(const Object object, as_object(e, where));
  model::ValuesCount count;
  std::optional<uint64_t>* of[] = {&count.lt, &count.lte, &count.gt, &count.gte};
  for (size_t i = 0; i < std::size(kBounds); ++i) {
    if (const auto bound = member(object, kBounds[i])) {
      RHUMB_ASSIGN(*of[i], as_unsigned(*bound, at(where, kBounds[i]), 0, UINT32_MAX));
    }
  }
  c.test = count;
  return base::ok();
}

Status parse_key(const Element& e, const std::string& where, std::string& key) {
  RHUMB_ASSIGN(const auto text, as_string(e, where));
  if (text.size() > limits::kMaxFieldPathBytes) {
    return out_of_range(where, std::to_string(text.size()) + " bytes, at most " +
                                   std::to_string(limits::kMaxFieldPathBytes));
  }
  const auto path = payload::JsonPath::parse(text);
  if (!path.ok()) return base::invalid(where + ": " + path.status().message());
  key = std::string(text);
  return base::ok();
}

constexpr std::string_view kTests[] = {"match",      "range",      "values_count",
                                       "is_empty",   "is_null",    "geo_bounding_box",
                                       "geo_radius", "geo_polygon"};

// Parses {"key": ..., <one test>}.
Result<Condition> parse_field(const Object& object, const std::string& where) {
  Condition c;
  std::string_view test;
  std::optional<Element> value;
  for (size_t i = 0; i < std::size(kTests) && !value; ++i) {
    test = kTests[i];
    value = member(object, test);
  }
  if (!value)
    return format_error(
        where,
        "a condition on a key needs a test: match, range, values_count, is_empty or is_null");
  RHUMB_TRY(parse_key(*member(object, "key"), at(where, "key"), c.key));
  const std::string place = at(where, test);
  if (test == "match")
    RHUMB_TRY(parse_match(*value, place, c));
  else if (test == "range")
    RHUMB_TRY(parse_range(*value, place, c));
  else if (test == "values_count")
    RHUMB_TRY(parse_values_count(*value, place, c));
  else if (test == "is_empty" || test == "is_null") {
    RHUMB_ASSIGN(const bool wanted, as_bool(*value, place));
    if (test == "is_empty")
      c.test = model::IsEmpty{wanted};
    else
      c.test = model::IsNull{wanted};
  } else {
    return base::unsupported("geo filter '" + std::string(test) + "' (" + place + ")");
  }
  return c;
}

Result<Condition> parse_has_id(const Element& e, const std::string& where) {
  RHUMB_ASSIGN(const Array array, as_array(e, where));
  if (array.size() > limits::kMaxMatchAny) {
    return out_of_range(where, std::to_string(array.size()) + " ids, at most " +
                                   std::to_string(limits::kMaxMatchAny));
  }
  model::HasId test;
  for (const Element item : array) {
    RHUMB_ASSIGN(auto id, parse_id(item, at(where, test.ids.size())));
    test.ids.push_back(std::move(id));
  }
  return Condition{"", std::move(test)};
}

// Parses {"is_empty": {"key": ...}} and {"is_null": {"key": ...}}.
template <typename Test>
Result<Condition> parse_keyed(const Element& e, const std::string& where) {
  RHUMB_ASSIGN(const Object object, as_object(e, where));
  const auto key = member(object, "key");
  if (!key) return format_error(where, "missing field `key`");
  Condition c{"", Test{true}};
  RHUMB_TRY(parse_key(*key, at(where, "key"), c.key));
  return c;
}

Result<Condition> parse_nested(const Element& e, const std::string& where, Budget& budget) {
  RHUMB_ASSIGN(const Object object, as_object(e, where));
  const auto key = member(object, "key"), filter = member(object, "filter");
  if (!key || !filter) return format_error(where, "a nested condition needs `key` and `filter`");
  Condition c;
  RHUMB_TRY(parse_key(*key, at(where, "key"), c.key));
  RHUMB_ASSIGN(Filter inner, parse_tree(*filter, at(where, "filter"), budget));
  c.test = model::Nested{std::make_shared<const Filter>(std::move(inner))};
  return c;
}

Result<Condition> parse_condition(const Element& e, const std::string& where, Budget& budget) {
  if (++budget.conditions > limits::kMaxFilterConditions) {
    return out_of_range(where, "the filter has more than " +
                                   std::to_string(limits::kMaxFilterConditions) + " conditions");
  }
  RHUMB_ASSIGN(const Object object, as_object(e, where));
  if (member(object, "key")) return parse_field(object, where);
  if (const auto ids = member(object, "has_id")) return parse_has_id(*ids, at(where, "has_id"));
  if (const auto name = member(object, "has_vector")) {
    RHUMB_ASSIGN(const auto text, as_string(*name, at(where, "has_vector")));
    return Condition{"", model::HasVector{std::string(text)}};
  }
  if (const auto empty = member(object, "is_empty"))
    return parse_keyed<model::IsEmpty>(*empty, at(where, "is_empty"));
  if (const auto null = member(object, "is_null"))
    return parse_keyed<model::IsNull>(*null, at(where, "is_null"));
  if (const auto nested = member(object, "nested"))
    return parse_nested(*nested, at(where, "nested"), budget);
  if (member(object, "slice")) return base::unsupported("slice condition (" + where + ")");
  // The rest is a filter within the filter. {"has_id": null} is refused here, because it would be
  // an empty filter, which matches every point, and no client means that.
  for (const auto field : object) {
    if (kFilter.find(field.key) != nullptr) continue;
    return format_error(where, field.value.is_null()
                                   ? "`" + std::string(field.key) + "` is null"
                                   : "missing field `key` beside `" + std::string(field.key) + "`");
  }
  RHUMB_ASSIGN(Filter inner, parse_tree(e, where, budget));
  return Condition{"", model::SubFilter{std::make_shared<const Filter>(std::move(inner))}};
}

// Parses one condition or a list of conditions.
Status parse_conditions(const Element& e, const std::string& where, Budget& budget,
                        std::vector<Condition>& out) {
  if (!e.is_array()) {
    RHUMB_ASSIGN(auto one, parse_condition(e, where, budget));
    out.push_back(std::move(one));
    return base::ok();
  }
  for (const Element item : Array(e)) {
    RHUMB_ASSIGN(auto one, parse_condition(item, at(where, out.size()), budget));
    out.push_back(std::move(one));
  }
  return base::ok();
}

Status parse_min_should(const Element& e, const std::string& where, Budget& budget,
                        Filter& filter) {
  RHUMB_ASSIGN(const Object object, as_object(e, where));
  const auto conditions = member(object, "conditions"), count = member(object, "min_count");
  if (!conditions || !count)
    return format_error(where, "min_should needs `conditions` and `min_count`");
  RHUMB_TRY(parse_conditions(*conditions, at(where, "conditions"), budget, filter.min_should));
  RHUMB_ASSIGN(const uint64_t n,
               as_unsigned(*count, at(where, "min_count"), 0, limits::kMaxFilterConditions));
  filter.min_count = static_cast<uint32_t>(n);
  filter.min_should_set = true;
  return base::ok();
}

Result<Filter> parse_tree(const Element& e, const std::string& where, Budget& budget) {
  if (++budget.depth > limits::kMaxFilterDepth)
    return out_of_range(
        where, "the filter is nested deeper than " + std::to_string(limits::kMaxFilterDepth));
  RHUMB_ASSIGN(const Object object, as_object(e, where));
  Filter filter;
  for (const auto& [name, clause] : {std::pair{"must", &filter.must},
                                     {"should", &filter.should},
                                     {"must_not", &filter.must_not}}) {
    if (const auto conditions = member(object, name))
      RHUMB_TRY(parse_conditions(*conditions, at(where, name), budget, *clause));
  }
  if (const auto some = member(object, "min_should"))
    RHUMB_TRY(parse_min_should(*some, at(where, "min_should"), budget, filter));
  --budget.depth;
  return filter;
}

}  // namespace

Result<Filter> parse_filter(const Element& e, const std::string& where) {
  Budget budget;
  return parse_tree(e, where, budget);
}

Result<model::PointId> parse_id(const Element& e, const std::string& where) {
  uint64_t number = 0;
  if (e.get(number) == simdjson::SUCCESS) return model::PointId::number(number);
  if (!e.is_string())
    return format_error(where,
                        "a point id is an unsigned 64-bit integer, a UUID or a string, got " +
                            std::string(type_name(e)));
  auto id = model::PointId::from_string(std::string_view(e));
  if (!id.ok()) return base::invalid(where + ": " + id.status().message());
  return id;
}

}  // namespace rhumb::http::rest
