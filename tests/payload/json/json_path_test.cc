#include "host/payload/json/json_path.h"

#include <gtest/gtest.h>

#include "host/base/limits.h"

namespace rhumb::payload {
namespace {

std::vector<std::string> values_at(std::string_view path, std::string_view document) {
  const auto parsed = JsonPath::parse(path);
  EXPECT_TRUE(parsed.ok()) << path;
  std::vector<std::string> found;
  parsed->visit(Value(document), [&](const Value& value) {
    found.emplace_back(value.text());
    return true;
  });
  return found;
}

using Found = std::vector<std::string>;

TEST(JsonPath, paths_that_the_protocol_allows_are_read) {
  const auto path = JsonPath::parse("foo[1][50].bar-baz[].\"qux[.]quux\"");
  ASSERT_TRUE(path.ok());
  ASSERT_EQ(path->items().size(), 6u);
  EXPECT_EQ(path->items()[2].index, 50u);
  EXPECT_EQ(path->items()[4].kind, PathItem::Kind::kEach);
  EXPECT_EQ(path->items()[5].key, "qux[.]quux");
  for (const char* text : {"a", "a_1-b.c", "\"\"", "a.\"x y\"[3][].z", "h\xc3\xa9.b"}) {
    const auto parsed = JsonPath::parse(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(parsed->to_text(), text);
  }
  EXPECT_EQ(JsonPath::parse("\"plain\".b")->to_text(), "plain.b");
}

TEST(JsonPath, other_paths_are_refused) {
  for (const char* text : {"", ".a", "a.", "a..b", "[0]", "[]", "a[", "a[x]", "a[-1]", "a[1", "a]",
                           "a b", "a.[0]", "\"a", "\"a\\\"\"", "a[99999999999]", "a\"b\""}) {
    const auto parsed = JsonPath::parse(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().code(), base::Code::kInvalid);
    EXPECT_NE(parsed.status().message().find(text), std::string::npos);
  }
  EXPECT_FALSE(JsonPath::parse(std::string(base::limits::kMaxFieldPathBytes + 1, 'a')).ok());
  std::string deep = "a";
  for (uint32_t i = 1; i < base::limits::kMaxPathItems; ++i) deep += "[]";
  EXPECT_TRUE(JsonPath::parse(deep).ok());
  EXPECT_FALSE(JsonPath::parse(deep + "[]").ok());
}

TEST(JsonPath, the_values_at_a_path_are_visited) {
  const std::string_view doc =
      R"({"a":{"b":[{"c":1},{"c":2},{"d":{"e":3}},7]},"f":3,"g":["g0","g1",["g2"]],"odd key":null,"n":[]})";
  EXPECT_EQ(values_at("f", doc), Found{"3"});
  EXPECT_EQ(values_at("a.b[].c", doc), (Found{"1", "2"}));
  EXPECT_EQ(values_at("a.b[2].d.e", doc), Found{"3"});
  // An array is looked into only if the path says so.
  EXPECT_EQ(values_at("a.b.c", doc), Found{});
  EXPECT_EQ(values_at("g", doc), Found{R"(["g0","g1",["g2"]])"});
  EXPECT_EQ(values_at("g[]", doc), (Found{"\"g0\"", "\"g1\"", "[\"g2\"]"}));
  EXPECT_EQ(values_at("g[2][0]", doc), Found{"\"g2\""});
  EXPECT_EQ(values_at("g[7]", doc), Found{});
  EXPECT_EQ(values_at("\"odd key\"", doc), Found{"null"});
  EXPECT_EQ(values_at("n[]", doc), Found{});
  EXPECT_EQ(values_at("f[]", doc), Found{});
  EXPECT_EQ(values_at("f.x", doc), Found{});
}

TEST(JsonPath, arrays_at_the_leaf_are_taken_apart_by_one_level) {
  const auto path = JsonPath::parse("g");
  Found found;
  path->visit_elements(Value(R"({"g":["x",["y"],1]})"), [&](const Value& value) {
    found.emplace_back(value.text());
    return true;
  });
  EXPECT_EQ(found, (Found{"\"x\"", "[\"y\"]", "1"}));
}

TEST(JsonPath, paths_are_joined_for_nested_filters) {
  const auto list = JsonPath::parse("list"), inner = JsonPath::parse("b.c");
  EXPECT_EQ(JsonPath::join(list->each(), *inner).to_text(), "list[].b.c");
  EXPECT_EQ(list->each().each().to_text(), "list[]");
}

}  // namespace
}  // namespace rhumb::payload
