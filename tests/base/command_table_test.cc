#include "host/base/command_table.h"

#include <gtest/gtest.h>

namespace rhumb::base {
namespace {

TEST(CommandTable, a_value_is_held_to_the_range_of_its_row) {
  const OptionRow row = {.name = "limit", .value = "N", .min = 1, .max = 20};
  for (const char* value : {"1", "20", "007"}) EXPECT_TRUE(check_value(row, value).ok()) << value;
  for (const char* value : {"", "0", "21", "-1", "+1", "1.5", "0x1", "1 ", "99999999999999999999"})
    EXPECT_EQ(check_value(row, value).code(), Code::kInvalid) << value;
  EXPECT_EQ(check_value(row, "x").message(), "'x' is not a number from 1 to 20");
}

TEST(CommandTable, a_value_is_one_of_the_choices_of_its_row) {
  const OptionRow row = {.name = "output", .value = "text|json", .choices = {"text", "json"}};
  EXPECT_TRUE(check_value(row, "json").ok());
  EXPECT_EQ(check_value(row, "xml").message(), "'xml' is not one of text, json");
  EXPECT_TRUE(check_value({.name = "data", .value = "DIR"}, "anything").ok());
}

TEST(CommandTable, a_command_is_found_by_its_name) {
  const ProgramTable program = {.name = "p", .commands = {{.summary = "main"}, {.name = "check"}}};
  EXPECT_EQ(find_command(program, "check"), &program.commands[1]);
  EXPECT_EQ(find_command(program, ""), &program.commands[0]);
  EXPECT_EQ(find_command(program, "chec"), nullptr);
}

}  // namespace
}  // namespace rhumb::base
