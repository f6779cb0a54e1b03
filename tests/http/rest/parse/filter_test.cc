// Filters from JSON, through the body of a count request: every form and every error.
#include <gtest/gtest.h>

#include <functional>

#include "host/http/rest/parse/parse_reads.h"
#include "tests/http/rest/expect.h"
#include "tests/model/text.h"

namespace rhumb::http::rest {
namespace {

using model::Condition;
using model::Filter;
using model::PointId;

base::Result<Filter> filter_of(const std::string& json) {
  auto request = parse_count(R"({"filter":)" + json + "}");
  if (!request.ok()) return request.status();
  return std::move(*request->filter);
}

template <typename... C>
std::vector<Condition> conditions(C... c) {
  std::vector<Condition> out;
  (out.push_back(std::move(c)), ...);
  return out;
}
template <typename... C>
Filter must(C... c) {
  Filter filter;
  filter.must = conditions(std::move(c)...);
  return filter;
}
std::shared_ptr<const Filter> boxed(Filter filter) {
  return std::make_shared<const Filter>(std::move(filter));
}

struct Sample {
  const char* json;
  std::function<Filter()> filter;
};

void expect_shapes(const std::vector<Sample>& samples) {
  for (const Sample& sample : samples) {
    const auto parsed = filter_of(sample.json);
    if (!parsed.ok())
      ADD_FAILURE() << sample.json << "\n" << parsed.status().message();
    else
      EXPECT_EQ(model::text_of(*parsed), model::text_of(sample.filter())) << sample.json;
  }
}

TEST(ParseFilterTest, match_conditions_are_read) {
  using model::MatchAny;
  using model::MatchExcept;
  expect_shapes({
      {R"({"must":[{"key":"a","match":{"value":"x"}}]})",
       [] {
         return must(Condition{"a", MatchAny{{std::string("x")}}});
       }},
      {R"({"must":[{"key":"a","match":{"value":""}}]})",
       [] {
         return must(Condition{"a", MatchAny{{std::string()}}});
       }},
      {R"({"must":[{"key":"a.b","match":{"value":-7}}]})",
       [] {
         return must(Condition{"a.b", MatchAny{{int64_t{-7}}}});
       }},
      {R"({"must":[{"key":"a","match":{"value":9223372036854775807}}]})",
       [] {
         return must(Condition{"a", MatchAny{{INT64_MAX}}});
       }},
      {R"({"must":[{"key":"a","match":{"value":9223372036854775808}}]})",
       [] {
         return must(Condition{"a", MatchAny{{uint64_t{9223372036854775808u}}}});
       }},
      {R"({"must":[{"key":"a","match":{"any":[3,18446744073709551615]}}]})",
       [] {
         return must(Condition{"a", MatchAny{{int64_t{3}, UINT64_MAX}}});
       }},
      {R"({"must":[{"key":"a","match":{"value":true}}]})",
       [] {
         return must(Condition{"a", MatchAny{{true}}});
       }},
      {R"({"must":[{"key":"a[]","match":{"any":["x","y"]}}]})",
       [] {
         return must(Condition{"a[]", MatchAny{{std::string("x"), std::string("y")}}});
       }},
      {R"({"must":[{"key":"a","match":{"any":[1,2]}}]})",
       [] {
         return must(Condition{"a", MatchAny{{int64_t{1}, int64_t{2}}}});
       }},
      {R"({"must":[{"key":"a","match":{"any":[]}}]})",
       [] {
         return must(Condition{"a", MatchAny{}});
       }},
      {R"({"must":[{"key":"a","match":{"except":["x"]}}]})",
       [] {
         return must(Condition{"a", MatchExcept{{std::string("x")}}});
       }},
      {R"({"must":[{"key":"\"odd key\".b","match":{"value":1}}]})",
       [] {
         return must(Condition{"\"odd key\".b", MatchAny{{int64_t{1}}}});
       }},
  });
}

TEST(ParseFilterTest, ranges_and_counts_are_read) {
  expect_shapes({
      {R"({"must":[{"key":"a","range":{"lt":1,"lte":2.5,"gt":-3,"gte":1e3}}]})",
       [] {
         return must(Condition{"a", model::Range{1, 2.5, -3, 1000.0}});
       }},
      {R"({"must":[{"key":"a","range":{"gte":0,"lt":null}}]})",
       [] {
         return must(Condition{"a", model::Range{{}, {}, {}, 0}});
       }},
      {R"({"must":[{"key":"a","range":{"lt":9007199254740993,"lte":18446744073709551615,"gt":-9223372036854775808,"gte":9007199254740993.0}}]})",
       [] {
         return must(Condition{"a", model::Range{int64_t{9007199254740993}, UINT64_MAX, INT64_MIN,
                                                 9007199254740992.0}});
       }},
      {R"({"must":[{"key":"a","range":{}}]})",
       [] {
         return must(Condition{"a", model::Range{}});
       }},
      {R"({"must":[{"key":"a","range":{"gt":"1970-01-01","lte":"1970-01-01T00:00:01Z"}}]})",
       [] {
         return must(Condition{"a", model::DatetimeRange{{}, 1'000'000, 0, {}}});
       }},
      {R"({"must":[{"key":"a","values_count":{"lt":1,"lte":2,"gt":0,"gte":4294967295}}]})",
       [] {
         return must(Condition{"a", model::ValuesCount{1, 2, 0, 4294967295u}});
       }},
  });
}

TEST(ParseFilterTest, conditions_on_emptiness_ids_and_vectors_are_read) {
  expect_shapes({
      {R"({"must":[{"is_empty":{"key":"a"}},{"is_null":{"key":"b"}}]})",
       [] {
         return must(Condition{"a", model::IsEmpty{true}}, Condition{"b", model::IsNull{true}});
       }},
      {R"({"must":[{"key":"a","is_empty":true},{"key":"a","is_empty":false},{"key":"b","is_null":false}]})",
       [] {
         return must(Condition{"a", model::IsEmpty{true}}, Condition{"a", model::IsEmpty{false}},
                     Condition{"b", model::IsNull{false}});
       }},
      {R"({"must":[{"has_id":[7,"gimp","5C56C793-69F3-4FBF-87E6-C4BF54C28C26"]}]})",
       [] {
         return must(Condition{
             "", model::HasId{{PointId::number(7), *PointId::from_string("gimp"),
                               *PointId::from_string("5c56c793-69f3-4fbf-87e6-c4bf54c28c26")}}});
       }},
      {R"({"must":[{"has_id":[]}]})",
       [] {
         return must(Condition{"", model::HasId{}});
       }},
      {R"({"must":[{"has_vector":""},{"has_vector":"text"}]})",
       [] {
         return must(Condition{"", model::HasVector{""}}, Condition{"", model::HasVector{"text"}});
       }},
  });
}

TEST(ParseFilterTest, clauses_and_nested_conditions_are_read) {
  const auto null = [] { return Condition{"a", model::IsNull{true}}; };
  expect_shapes({
      {"{}", [] { return Filter{}; }},
      {R"({"must":null,"should":null,"must_not":null,"min_should":null})", [] { return Filter{}; }},
      {R"({"must":[],"should":[]})", [] { return Filter{}; }},
      {R"({"must":{"key":"a","is_null":true}})", [&] { return must(null()); }},
      {R"({"should":[{"key":"a","is_null":true}],"must_not":[{"key":"a","is_null":true}]})",
       [&] {
         Filter f;
         f.should = conditions(null());
         f.must_not = conditions(null());
         return f;
       }},
      {R"({"min_should":{"conditions":[{"key":"a","is_null":true}],"min_count":2}})",
       [&] {
         Filter f;
         f.min_should = conditions(null());
         f.min_count = 2;
         f.min_should_set = true;
         return f;
       }},
      {R"({"must":[{"should":[{"key":"a","is_null":true}]}]})",
       [&] {
         Filter inner;
         inner.should = conditions(null());
         return must(Condition{"", model::SubFilter{boxed(std::move(inner))}});
       }},
      {R"({"must":[{"nested":{"key":"a[].b","filter":{"must":[{"key":"a","is_null":true}]}}}]})",
       [&] {
         return must(Condition{"a[].b", model::Nested{boxed(must(null()))}});
       }},
      {R"({"must":[{"key":"a","match":null,"is_null":true}]})", [&] { return must(null()); }},
  });
}

TEST(ParseFilterTest, members_of_the_wrong_form_are_named) {
  const auto one = [](const std::string& condition) { return R"({"must":[)" + condition + "]}"; };
  const auto test = [&](const std::string& tested) { return one(R"({"key":"a",)" + tested + "}"); };
  expect_refused(
      {
          {"7", Code::kMalformedBody, "filter: expected an object, got an integer"},
          {"[]", Code::kMalformedBody, "filter: expected an object, got an array"},
          {R"({"must_":[]})", Code::kMalformedBody,
           "filter: unknown field `must_`, expected one of must, should, must_not, min_should"},
          {R"({"must":7})", Code::kMalformedBody,
           "filter.must: expected an object, got an integer"},
          {R"({"must":[{"key":"a","is_null":true},7]})", Code::kMalformedBody,
           "filter.must[1]: expected an object, got an integer"},
          {one("{\"explode\":1}"), Code::kMalformedBody, "filter.must[0]: unknown field `explode`"},
          {one(R"({"key":"a"})"), Code::kMalformedBody,
           "filter.must[0]: a condition on a key needs a test"},
          {one(R"({"key":"a","match":null})"), Code::kMalformedBody,
           "filter.must[0]: a condition on a key needs a test"},
          {one(R"({"key":7,"is_null":true})"), Code::kMalformedBody,
           "filter.must[0].key: expected a string, got an integer"},
          {one(R"({"key":"a..b","is_null":true})"), Code::kInvalid,
           "filter.must[0].key: Invalid json path: 'a..b'"},
          {one(R"({"key":"","is_null":true})"), Code::kInvalid,
           "filter.must[0].key: Invalid json path: ''"},
          {test(R"("like":"x")"), Code::kMalformedBody,
           "filter.must[0]: unknown field `like`, expected one of key, match"},
          {test(R"("match":{"value":1},"range":{}})"), Code::kMalformedBody, ""},
          {test(R"("match":{"value":1},"range":{})"), Code::kMalformedBody,
           "filter.must[0]: `match` and `range` do not go together"},
          {test(R"("match":7)"), Code::kMalformedBody, "filter.must[0].match: expected an object"},
          {test(R"("match":{})"), Code::kMalformedBody,
           "filter.must[0].match: a match needs one of value, any, except"},
          {test(R"("match":{"value":1.5})"), Code::kMalformedBody,
           "filter.must[0].match.value: a match takes a string, an integer or a boolean, got a "
           "float"},
          {test(R"("match":{"value":[1]})"), Code::kMalformedBody,
           "filter.must[0].match.value: a match takes a string, an integer or a boolean, got an "
           "array"},
          {test(R"("match":{"any":"x"})"), Code::kMalformedBody,
           "filter.must[0].match.any: expected an array, got a string"},
          {test(R"("match":{"any":["x",1]})"), Code::kMalformedBody,
           "filter.must[0].match.any[1]: a list to match must hold only strings or only integers"},
          {test(R"("match":{"except":[true]})"), Code::kMalformedBody,
           "filter.must[0].match.except[0]: a list to match must hold"},
          {test(R"("range":7)"), Code::kMalformedBody, "filter.must[0].range: expected an object"},
          {test(R"("range":{"gt":true})"), Code::kMalformedBody,
           "filter.must[0].range.gt: expected a number, got a boolean"},
          {test(R"("range":{"gt":"yesterday"})"), Code::kMalformedBody,
           "filter.must[0].range.gt: 'yesterday' is not a date or time"},
          {test(R"("range":{"gt":1,"lt":"1970-01-01"})"), Code::kMalformedBody,
           "filter.must[0].range: the bounds of a range must be all numbers or all times"},
          {test(R"("values_count":{"gt":-1})"), Code::kMalformedBody,
           "filter.must[0].values_count.gt: expected a whole number from 0"},
          {test(R"("values_count":{"gt":1.5})"), Code::kMalformedBody,
           "filter.must[0].values_count.gt"},
          {test(R"("values_count":{"gt":4294967296})"), Code::kUnprocessable,
           "filter.must[0].values_count.gt: 4294967296 is not from 0 to 4294967295"},
          {test(R"("is_empty":7)"), Code::kMalformedBody,
           "filter.must[0].is_empty: expected true or false"},
          {one(R"({"is_empty":{}})"), Code::kMalformedBody,
           "filter.must[0].is_empty: missing field `key`"},
          {one(R"({"is_null":{"key":7}})"), Code::kMalformedBody,
           "filter.must[0].is_null.key: expected a string"},
          {one(R"({"has_id":7})"), Code::kMalformedBody,
           "filter.must[0].has_id: expected an array"},
          {one(R"({"has_id":[1,-1]})"), Code::kMalformedBody,
           "filter.must[0].has_id[1]: a point id is an unsigned 64-bit integer, a UUID or a "
           "string"},
          {one(R"({"has_id":["7"]})"), Code::kInvalid,
           "filter.must[0].has_id[0]: point id \"7\" is a number in quotes"},
          {one(R"({"has_vector":7})"), Code::kMalformedBody,
           "filter.must[0].has_vector: expected a string"},
          {one(R"({"nested":{"key":"a"}})"), Code::kMalformedBody,
           "filter.must[0].nested: a nested condition needs `key` and `filter`"},
          {one(R"({"nested":{"key":"a","filter":{"x":1}}})"), Code::kMalformedBody,
           "filter.must[0].nested.filter: unknown field `x`"},
          {R"({"min_should":[]})", Code::kMalformedBody, "filter.min_should: expected an object"},
          {R"({"min_should":{"conditions":[]}})", Code::kMalformedBody,
           "filter.min_should: min_should needs `conditions` and `min_count`"},
          {R"({"min_should":{"conditions":[7],"min_count":1}})", Code::kMalformedBody,
           "filter.min_should.conditions[0]: expected an object"},
          {R"({"min_should":{"conditions":[],"min_count":-1}})", Code::kMalformedBody,
           "filter.min_should.min_count"},
          {R"({"should":{"must_not":[{"key":7,"is_null":true}]}})", Code::kMalformedBody,
           "filter.should.must_not[0].key: expected a string"},
      },
      filter_of);
}

TEST(ParseFilterTest, features_that_are_not_served_yet_are_named) {
  expect_refused(
      {
          {R"({"must":[{"key":"a","match":{"text":"x"}}]})", Code::kUnsupported,
           "full-text match 'text' (filter.must[0].match)"},
          {R"({"must":[{"key":"a","match":{"phrase":"x"}}]})", Code::kUnsupported, "'phrase'"},
          {R"({"must":[{"key":"a","match":{"substring":"x"}}]})", Code::kUnsupported,
           "'substring'"},
          {R"({"must":[{"key":"a","geo_radius":{}}]})", Code::kUnsupported,
           "geo filter 'geo_radius' (filter.must[0].geo_radius)"},
          {R"({"must":[{"key":"a","geo_bounding_box":{}}]})", Code::kUnsupported,
           "geo_bounding_box"},
          {R"({"must":[{"slice":{"total":4,"index":1}}]})", Code::kUnsupported,
           "slice condition (filter.must[0])"},
      },
      filter_of);
}

std::string deep(uint32_t levels) {
  std::string json = "{}";
  for (uint32_t i = 1; i < levels; ++i) json = R"({"must":[)" + json + "]}";
  return json;
}

TEST(ParseFilterTest, limits_hold_for_the_whole_tree) {
  const auto list = [](const std::string& name, const std::string& items) {
    return R"({"must":[{"key":"a","match":{")" + name + "\":[" + items + "]}}]}";
  };
  const std::string null = R"({"key":"a","is_null":true})";
  // Inner conditions and their sub-filter count, too.
  const auto wide = [&](uint32_t outer, uint32_t inner) {
    return R"({"must":[)" + repeated(null, outer) + R"(,{"should":[)" + repeated(null, inner) +
           "]}]}";
  };
  const std::string path(limits::kMaxFieldPathBytes, 'a');
  for (const std::string& good :
       {deep(limits::kMaxFilterDepth), list("any", repeated("1", limits::kMaxMatchAny)),
        wide(2047, limits::kMaxFilterConditions - 2048),
        R"({"must":[{"has_id":[)" + repeated("1", limits::kMaxMatchAny) + "]}]}",
        R"({"must":[{"key":")" + path + R"(","is_null":true}]})"}) {
    EXPECT_TRUE(filter_of(good).ok()) << good.substr(0, 80) << filter_of(good).status().message();
  }
  expect_refused(
      {
          {deep(limits::kMaxFilterDepth + 1), Code::kUnprocessable,
           "the filter is nested deeper than 32"},
          {list("any", repeated("1", limits::kMaxMatchAny + 1)), Code::kUnprocessable,
           "filter.must[0].match.any: 65537 values, at most 65536"},
          {list("except", repeated("\"x\"", limits::kMaxMatchAny + 1)), Code::kUnprocessable,
           "filter.must[0].match.except: 65537 values, at most 65536"},
          {wide(2048, limits::kMaxFilterConditions - 2048), Code::kUnprocessable,
           "the filter has more than 4096 conditions"},
          {R"({"must":[{"has_id":[)" + repeated("1", limits::kMaxMatchAny + 1) + "]}]}",
           Code::kUnprocessable, "filter.must[0].has_id: 65537 ids, at most 65536"},
          {R"({"must":[{"key":"a)" + path + R"(","is_null":true}]})", Code::kUnprocessable,
           "filter.must[0].key: 513 bytes, at most 512"},
          {R"({"min_should":{"conditions":[],"min_count":4097}})", Code::kUnprocessable,
           "filter.min_should.min_count: 4097 is not from 0 to 4096"},
      },
      filter_of);
}

}  // namespace
}  // namespace rhumb::http::rest
