#include "host/cli/command_table.h"

#include <gtest/gtest.h>

#include <set>

#include "host/cli/command.h"

namespace rhumb::cli {
namespace {

TEST(CliCommandTable, every_command_is_found_and_can_be_run) {
  for (const base::CommandRow& command : program().commands) {
    EXPECT_EQ(find_command(program(), command.name), &command);
    EXPECT_NE(find_run(command.name), nullptr) << command.name;
    EXPECT_TRUE(command.synopsis.starts_with(command.name)) << command.synopsis;
    EXPECT_FALSE(command.summary.empty() || command.examples.empty()) << command.name;
  }
  EXPECT_EQ(find_command(program(), "serch"), nullptr);
  EXPECT_EQ(find_run("serch"), nullptr);
}

TEST(CliCommandTable, no_option_of_a_command_has_the_name_of_another) {
  for (const base::CommandRow& command : program().commands) {
    std::set<std::string> names;
    std::set<char> short_names;
    for (const auto& options : {command.options, program().common}) {
      for (const base::OptionRow& row : options) {
        EXPECT_TRUE(names.insert(row.name).second) << command.name << " --" << row.name;
        if (row.short_name != 0) {
          EXPECT_TRUE(short_names.insert(row.short_name).second) << command.name << row.short_name;
        }
        EXPECT_FALSE(row.help.empty()) << row.name;
      }
    }
  }
}

TEST(CliCommandTable, examples_begin_with_the_command) {
  for (const base::CommandRow& command : program().commands) {
    for (const std::string& example : command.examples)
      EXPECT_TRUE(example.starts_with("rhumb " + command.name)) << example;
  }
}

}  // namespace
}  // namespace rhumb::cli
