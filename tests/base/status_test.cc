#include "host/base/status.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace rhumb::base {
namespace {

TEST(Status, details_stay_with_a_failure_that_gets_a_place) {
  const Status status = invalid("expected a number").with({.field = "limit", .limit = 100});
  EXPECT_EQ(status.message(), "expected a number");
  const Status placed = status.within("line 3");
  EXPECT_EQ(placed.message(), "line 3: expected a number");
  EXPECT_EQ(placed.detail(), (ErrorDetail{.field = "limit", .limit = 100}));
  EXPECT_EQ(invalid("x").detail(), ErrorDetail{});
}

TEST(Status, a_malformed_query_names_its_parameter_in_text_and_data) {
  const Status status = malformed_query("timeout", "'soon' is not a number of seconds");
  EXPECT_EQ(status.code(), Code::kMalformedQuery);
  EXPECT_EQ(status.message(), "timeout: 'soon' is not a number of seconds");
  EXPECT_EQ(status.detail().field, "timeout");
}

TEST(Status, every_code_has_a_name_of_its_own) {
  std::vector<std::string_view> names;
  for (auto code = static_cast<uint8_t>(Code::kOk); code <= static_cast<uint8_t>(kLastCode); ++code)
    names.push_back(code_name(static_cast<Code>(code)));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::unique(names.begin(), names.end()), names.end());
  EXPECT_EQ(std::count(names.begin(), names.end(), "unknown"), 0);
}

}  // namespace
}  // namespace rhumb::base
