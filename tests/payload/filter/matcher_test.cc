#include "host/payload/filter/matcher.h"

#include <gtest/gtest.h>

#include "host/base/limits.h"
#include "tests/payload/corpus.h"

namespace rhumb::payload::testing {
namespace {

constexpr std::string_view kCity =
    R"({"name":"Berlin","size":3769,"share":5.0,"half":2.5,"huge":18446744073709551615,"capital":true,)"
    R"("tags":["a","b",1,null,["z"]],"none":null,"empty":[],"nothing":[null],"object":{"x":1},)"
    R"("at":"2024-01-31T12:00:00Z","when":["2020-01-01","soon"],"id":"5C56C79369F34FBF87E6C4BF54C28C26",)"
    R"("diet":[{"food":"leaves","likes":false},{"food":"meat","likes":true},7],"ratings":[3,7,9]})";

bool passes(const model::Filter& filter, std::string_view payload = kCity,
            const FilterSchema& schema = {}) {
  const auto matcher = Matcher::compile(filter, schema);
  EXPECT_TRUE(matcher.ok()) << matcher.status().to_string();
  return matcher->matches({payload, {}, 0});
}
bool holds(std::string key, decltype(model::Condition::test) test, std::string_view payload = kCity,
           const FilterSchema& schema = {}) {
  return passes(must(field(std::move(key), std::move(test))), payload, schema);
}

TEST(Matcher, match_compares_type_and_exact_value) {
  EXPECT_TRUE(holds("name", any({"Berlin"})));
  EXPECT_FALSE(holds("name", any({"berlin"})));
  EXPECT_TRUE(holds("name", any({"London", "Berlin"})));
  EXPECT_FALSE(holds("name", any({})));
  EXPECT_TRUE(holds("size", any({int64_t{3769}})));
  EXPECT_FALSE(holds("size", any({"3769"})));
  EXPECT_FALSE(holds("share", any({int64_t{5}})));  // 5.0 is not an integer
  EXPECT_FALSE(holds("huge", any({int64_t{-1}})));
  EXPECT_TRUE(holds("capital", any({true})));
  EXPECT_FALSE(holds("capital", any({false})));
  EXPECT_FALSE(holds("capital", any({int64_t{1}})));
  EXPECT_FALSE(holds("none", any({"null"})));
  EXPECT_FALSE(holds("missing", any({"x"})));
  EXPECT_TRUE(holds("object.x", any({int64_t{1}})));
}

TEST(Matcher, one_matching_value_of_an_array_is_enough) {
  EXPECT_TRUE(holds("tags", any({"b"})));
  EXPECT_TRUE(holds("tags", any({int64_t{1}})));
  EXPECT_FALSE(holds("tags", any({"z"})));  // arrays are taken apart by one level only
  EXPECT_TRUE(holds("tags[]", any({"z"})));
  EXPECT_TRUE(holds("diet[].food", any({"meat"})));
  EXPECT_FALSE(holds("diet.food", any({"meat"})));
}

TEST(Matcher, except_needs_another_value) {
  EXPECT_FALSE(holds("name", except({"Berlin"})));
  EXPECT_TRUE(holds("name", except({"London"})));
  EXPECT_TRUE(holds("name", except({})));
  EXPECT_TRUE(holds("name", except({int64_t{1}})));
  EXPECT_TRUE(holds("tags", except({"a"})));
  EXPECT_TRUE(holds("ratings", except({int64_t{3}, int64_t{7}})));
  EXPECT_FALSE(holds("ratings", except({int64_t{3}, int64_t{7}, int64_t{9}})));
  EXPECT_TRUE(holds("object", except({"x"})));
  for (const char* without : {"none", "missing", "empty", "nothing"})
    EXPECT_FALSE(holds(without, except({"x"}))) << without;
}

TEST(Matcher, ranges_compare_numbers) {
  const auto between = [](std::optional<double> gte, std::optional<double> lt) {
    model::Range range;
    range.gte = gte;
    range.lt = lt;
    return range;
  };
  EXPECT_TRUE(holds("size", between(3769, 3770)));
  EXPECT_FALSE(holds("size", between(3769.5, {})));
  EXPECT_TRUE(holds("half", between(2.5, 2.6)));
  EXPECT_TRUE(holds("share", between(5, {})));
  EXPECT_TRUE(holds("huge", between(1e19, {})));
  EXPECT_TRUE(holds("ratings", between(4, 8)));
  EXPECT_FALSE(holds("ratings", between(4, 7)));  // one value has to be within all bounds
  EXPECT_TRUE(holds("size", between({}, {})));
  EXPECT_FALSE(holds("name", between({}, {})));
  EXPECT_FALSE(holds("at", between(0, {})));
  model::Range open;
  open.gt = 3769;
  EXPECT_FALSE(holds("size", open));
  model::Range closed;
  closed.lte = 3769;
  EXPECT_TRUE(holds("size", closed));
}

TEST(Matcher, ranges_compare_times) {
  model::DatetimeRange day;
  day.gte = model::parse_datetime("2024-01-31");
  day.lt = model::parse_datetime("2024-02-01");
  EXPECT_TRUE(holds("at", day));
  EXPECT_FALSE(holds("when", day));
  EXPECT_FALSE(holds("size", day));
  EXPECT_TRUE(holds("at", day, R"({"at":"2024-02-01T00:30:00+01:00"})"));
  EXPECT_FALSE(holds("at", day, R"({"at":1706702400})"));
}

TEST(Matcher, empty_and_null_are_told_apart) {
  for (const char* empty : {"missing", "none", "empty", "missing.below"}) {
    EXPECT_TRUE(holds(empty, model::IsEmpty{true})) << empty;
    EXPECT_FALSE(holds(empty, model::IsEmpty{false})) << empty;
  }
  for (const char* full : {"name", "nothing", "object", "tags", "capital", "diet[].food"}) {
    EXPECT_FALSE(holds(full, model::IsEmpty{true})) << full;
  }
  for (const char* null : {"none", "nothing", "tags"})
    EXPECT_TRUE(holds(null, model::IsNull{true})) << null;
  for (const char* other : {"missing", "empty", "name", "object"}) {
    EXPECT_FALSE(holds(other, model::IsNull{true})) << other;
    EXPECT_TRUE(holds(other, model::IsNull{false})) << other;
  }
  EXPECT_TRUE(holds("anything", model::IsEmpty{true}, ""));
}

TEST(Matcher, values_count_counts_values) {
  const auto exactly = [](uint64_t n) {
    model::ValuesCount count;
    count.gte = n;
    count.lte = n;
    return count;
  };
  EXPECT_TRUE(holds("tags", exactly(5)));
  EXPECT_TRUE(holds("name", exactly(1)));
  EXPECT_TRUE(holds("object", exactly(1)));
  for (const char* none : {"none", "missing", "empty"})
    EXPECT_TRUE(holds(none, exactly(0))) << none;
  EXPECT_TRUE(holds("nothing", exactly(1)));
  EXPECT_TRUE(holds("diet[].food", exactly(1)));
  EXPECT_FALSE(holds("diet[].food", exactly(2)))
      << "each value is counted by itself, not their sum";
}

TEST(Matcher, values_count_looks_at_each_of_several_arrays) {
  constexpr std::string_view kOrder =
      R"({"rows":[{"tags":["a","b","c"]},{"tags":[]},{"other":1},{"tags":null}],"plain":[[1,2],[3]]})";
  model::ValuesCount more, two, none;
  more.gt = 3;
  two.gte = two.lte = 2;
  none.lte = 0;
  EXPECT_FALSE(holds("rows[].tags", more, kOrder));
  EXPECT_FALSE(holds("rows[].tags", two, kOrder));
  EXPECT_TRUE(holds("rows[].tags", none, kOrder));
  EXPECT_FALSE(holds("rows[].other", none, kOrder)) << "the one value that is there counts as one";
  EXPECT_TRUE(holds("rows[].missing", none, kOrder));
  EXPECT_TRUE(holds("plain[]", two, kOrder));
  EXPECT_TRUE(holds("plain", two, kOrder)) << "of the outer array";
}

TEST(Matcher, a_nested_filter_holds_within_one_element) {
  const auto likes = [](const char* food, bool value) {
    model::Filter inner;
    inner.must.push_back(field("food", any({food})));
    inner.must.push_back(field("likes", any({value})));
    return field("diet", model::Nested{std::make_shared<const model::Filter>(std::move(inner))});
  };
  EXPECT_TRUE(passes(must(likes("meat", true))));
  // Each condition holds for some element, but no element has both.
  EXPECT_FALSE(passes(must(likes("leaves", true))));
  model::Filter outer;
  outer.must_not.push_back(likes("leaves", true));
  EXPECT_TRUE(passes(outer));
  model::Filter no_food;
  no_food.must.push_back(field("food", model::IsEmpty{true}));
  // 7 is not an object.
  EXPECT_FALSE(passes(must(
      field("diet[]", model::Nested{std::make_shared<const model::Filter>(std::move(no_food))}))));
}

TEST(Matcher, conditions_on_ids_and_vectors_hold) {
  model::HasId ids;
  ids.ids.push_back(model::PointId::number(7));
  ids.ids.push_back(model::PointId::from_string("gimp").value());
  const auto by_id = Matcher::compile(must(field("", std::move(ids))));
  EXPECT_TRUE(by_id->matches({"", model::PointId::number(7).key(), 0}));
  EXPECT_TRUE(by_id->matches({"", model::PointId::from_string("gimp").value().key(), 0}));
  EXPECT_FALSE(by_id->matches({"", model::PointId::number(8).key(), 0}));
  const FilterSchema schema{{"", "image"}, {}};
  const auto by_vector = Matcher::compile(must(field("", model::HasVector{"image"})), schema);
  EXPECT_TRUE(by_vector->matches({"", {}, 2}));
  EXPECT_FALSE(by_vector->matches({"", {}, 1}));
  const auto unknown = Matcher::compile(must(field("", model::HasVector{"sound"})), schema);
  EXPECT_FALSE(unknown->matches({"", {}, ~uint64_t{0}}));
}

TEST(Matcher, uuid_fields_are_compared_as_uuids) {
  const FilterSchema schema{{}, {"id"}};
  const auto dashed = [] { return any({"5c56c793-69f3-4fbf-87e6-c4bf54c28c26"}); };
  EXPECT_TRUE(holds("id", dashed(), kCity, schema));
  EXPECT_FALSE(holds("id", dashed(), kCity));  // plain text, although it looks like a UUID
  EXPECT_FALSE(holds("id", except({"5c56c793-69f3-4fbf-87e6-c4bf54c28c26"}), kCity, schema));
  EXPECT_TRUE(holds("id", any({"no uuid"}), R"({"id":"no uuid"})", schema));
}

TEST(Matcher, clauses_combine_conditions) {
  const auto yes = [] { return field("name", any({"Berlin"})); };
  const auto no = [] { return field("name", any({"London"})); };
  EXPECT_TRUE(passes({}));
  EXPECT_TRUE(Matcher::compile({})->passes_everything());
  model::Filter should;
  should.should.push_back(no());
  EXPECT_FALSE(passes(should));
  should.should.push_back(yes());
  EXPECT_TRUE(passes(should));
  should.must.push_back(no());
  EXPECT_FALSE(passes(should));
  model::Filter must_not;
  must_not.must_not.push_back(no());
  EXPECT_TRUE(passes(must_not));
  must_not.must_not.push_back(yes());
  EXPECT_FALSE(passes(must_not));
  model::Filter min_should;
  min_should.min_should_set = true;
  min_should.min_count = 2;
  min_should.min_should.push_back(yes());
  min_should.min_should.push_back(no());
  EXPECT_FALSE(passes(min_should));
  min_should.min_should.push_back(yes());
  EXPECT_TRUE(passes(min_should));
  model::Filter group;
  group.must.push_back(
      field("", model::SubFilter{std::make_shared<const model::Filter>(min_should)}));
  EXPECT_TRUE(passes(group));
}

TEST(Matcher, compiling_names_the_invalid_condition) {
  const auto bad_path = Matcher::compile(must(field("a..b", any({"x"}))));
  ASSERT_FALSE(bad_path.ok());
  EXPECT_NE(bad_path.status().message().find("a..b"), std::string::npos);
  EXPECT_FALSE(Matcher::compile(must(field("", any({"x"})))).ok());
  model::Filter deep;
  for (uint32_t i = 0; i < base::limits::kMaxFilterDepth; ++i) {
    deep =
        must(field("", model::SubFilter{std::make_shared<const model::Filter>(std::move(deep))}));
  }
  EXPECT_EQ(Matcher::compile(deep).status().code(), base::Code::kInvalid);
  model::Filter wide;
  for (uint32_t i = 0; i <= base::limits::kMaxFilterConditions; ++i)
    wide.must.push_back(field("a", model::IsNull{}));
  EXPECT_EQ(Matcher::compile(wide).status().code(), base::Code::kInvalid);
}

}  // namespace
}  // namespace rhumb::payload::testing
