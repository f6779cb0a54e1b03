// The results of filters where commands are applied are pinned for ever, because a change would let
// replicas of two releases differ. A condition with a new meaning needs another function and
// another feature level, and this table stays.
#include <gtest/gtest.h>

#include "host/payload/filter/matcher.h"

namespace rhumb::payload::testing {
namespace {

using model::Condition;
using model::Filter;

// The rows of the table say whether the point with each of these payloads passes, 1 or 0.
constexpr const char* kPayloads[] = {
    "",
    R"({"a":null})",
    R"({"a":1})",
    R"({"a":1.0})",
    R"({"a":"x"})",
    R"({"a":[]})",
    R"({"a":[1,"x",null]})",
    R"({"a":{"b":2}})",
    R"({"a":[{"b":1,"c":1},{"b":2,"c":2}]})",
    R"({"a":true})",
    R"({"a":"2024-01-31T12:00:00Z"})",
    R"({"a":-9007199254740993})",
    R"({"a":"6F9619FF-8B86-D011-B42D-00C04FC964FF"})",
};

Filter must(Condition condition) {
  Filter filter;
  filter.must.push_back(std::move(condition));
  return filter;
}
Filter must_not(Condition condition) {
  Filter filter;
  filter.must_not.push_back(std::move(condition));
  return filter;
}

std::string decided(const Filter& filter, const FilterSchema& schema = {},
                    std::string_view id_key = {}, uint64_t presence = 0) {
  const auto matcher = compile_pinned_v2(filter, schema);
  EXPECT_TRUE(matcher.ok()) << matcher.status().to_string();
  std::string out;
  for (const char* payload : kPayloads)
    out += matcher->matches({payload, id_key, presence}) ? '1' : '0';
  return out;
}
std::string decided(const char* key, decltype(Condition::test) test) {
  return decided(must({key, std::move(test)}));
}

template <typename R>
R bounds(decltype(R::lt) lt, decltype(R::lt) lte, decltype(R::lt) gt, decltype(R::lt) gte) {
  R range;
  range.lt = lt;
  range.lte = lte;
  range.gt = gt;
  range.gte = gte;
  return range;
}

TEST(PinnedFilter, match_conditions_agree_with_the_documents) {
  EXPECT_EQ(decided("a", model::MatchAny{{int64_t{1}}}), "0010001000000");
  EXPECT_EQ(decided("a", model::MatchAny{{std::string("x")}}), "0000101000000");
  EXPECT_EQ(decided("a", model::MatchAny{{true}}), "0000000001000");
  EXPECT_EQ(decided("a", model::MatchAny{{int64_t{-9007199254740993}}}), "0000000000010");
  EXPECT_EQ(decided("a.b", model::MatchAny{{int64_t{2}}}), "0000000100000");
  EXPECT_EQ(decided("a[].b", model::MatchAny{{int64_t{2}}}), "0000000010000");
  EXPECT_EQ(decided("a[0].b", model::MatchAny{{int64_t{2}}}), "0000000000000");
  EXPECT_EQ(decided("a", model::MatchExcept{{std::string("x")}}), "0011001111111");
}

TEST(PinnedFilter, ranges_agree_with_the_documents) {
  EXPECT_EQ(decided("a", bounds<model::Range>({}, {}, {}, 1.0)), "0011001000000");
  EXPECT_EQ(decided("a", bounds<model::Range>(0.0, {}, {}, {})), "0000000000010");
  EXPECT_EQ(decided("a", bounds<model::DatetimeRange>({}, {}, int64_t{0}, {})), "0000000000100");
}

TEST(PinnedFilter, conditions_on_presence_agree_with_the_documents) {
  EXPECT_EQ(decided("a", model::IsEmpty{true}), "1100010000000");
  EXPECT_EQ(decided("a", model::IsNull{true}), "0100001000000");
  EXPECT_EQ(decided("a", bounds<model::ValuesCount>({}, {}, uint64_t{1}, {})), "0000001010000");
}

TEST(PinnedFilter, clauses_agree_with_the_documents) {
  EXPECT_EQ(decided(must_not({"a", model::IsEmpty{true}})), "0011101111111");
  EXPECT_EQ(decided(Filter()), "1111111111111");
  Filter either;
  either.should.push_back({"a", model::MatchAny{{int64_t{1}}}});
  either.should.push_back({"a", model::MatchAny{{true}}});
  EXPECT_EQ(decided(either), "0010001001000");
  Filter both;
  both.min_should_set = true;
  both.min_count = 2;
  both.min_should.push_back({"a", model::MatchAny{{int64_t{1}}}});
  both.min_should.push_back({"a", model::MatchAny{{std::string("x")}}});
  EXPECT_EQ(decided(both), "0000001000000");
}

TEST(PinnedFilter, nested_filters_agree_with_the_documents) {
  const auto pair = [](int64_t b, int64_t c) {
    Filter inner;
    inner.must.push_back({"b", model::MatchAny{{b}}});
    inner.must.push_back({"c", model::MatchAny{{c}}});
    return must({"a", model::Nested{std::make_shared<const Filter>(std::move(inner))}});
  };
  EXPECT_EQ(decided(pair(1, 1)), "0000000010000");
  EXPECT_EQ(decided(pair(1, 2)), "0000000000000");
}

TEST(PinnedFilter, ids_vectors_and_uuids_agree_with_the_documents) {
  const std::string key = model::PointId::number(7).key();
  const Filter seven = must({"", model::HasId{{model::PointId::number(7)}}});
  EXPECT_EQ(decided(seven, {}, key), std::string(std::size(kPayloads), '1'));
  EXPECT_EQ(decided(seven, {}, model::PointId::number(8).key()),
            std::string(std::size(kPayloads), '0'));
  FilterSchema schema;
  schema.vector_names = {"text", "image"};
  EXPECT_EQ(decided(must({"", model::HasVector{"image"}}), schema, key, 2),
            std::string(std::size(kPayloads), '1'));
  EXPECT_EQ(decided(must({"", model::HasVector{"image"}}), schema, key, 1),
            std::string(std::size(kPayloads), '0'));
  const auto uuid = [] {
    return must({"a", model::MatchAny{{std::string("6f9619ff8b86d011b42d00c04fc964ff")}}});
  };
  EXPECT_EQ(decided(uuid()), "0000000000000");
  schema.uuid_fields = {"a"};
  EXPECT_EQ(decided(uuid(), schema), "0000000000001");
}

}  // namespace
}  // namespace rhumb::payload::testing
