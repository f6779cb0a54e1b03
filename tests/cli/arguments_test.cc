#include "host/cli/arguments.h"

#include <gtest/gtest.h>

namespace rhumb::cli {
namespace {

TEST(Arguments, a_value_that_is_absent_has_the_fallback) {
  const Arguments none;
  EXPECT_FALSE(none.has("limit"));
  EXPECT_EQ(none.get("url"), "");
  EXPECT_EQ(none.get("url", "http://x"), "http://x");
  EXPECT_EQ(none.number("limit", 10), 10u);
  EXPECT_TRUE(none.all("index").empty());
  EXPECT_TRUE(none.positions().empty());
}

TEST(Arguments, values_are_found_by_the_name_of_the_option) {
  const Arguments given(
      {{"limit", {"18446744073709551615"}}, {"index", {"a:b", "c:d"}}, {"exact", {}}},
      {"programs", "-"});
  EXPECT_EQ(given.number("limit", 10), UINT64_MAX);
  EXPECT_EQ(given.all("index"), (std::vector<std::string>{"a:b", "c:d"}));
  EXPECT_TRUE(given.has("exact"));
  EXPECT_EQ(given.get("exact", "none"), "none");
  EXPECT_EQ(given.positions(), (std::vector<std::string>{"programs", "-"}));
}

}  // namespace
}  // namespace rhumb::cli
