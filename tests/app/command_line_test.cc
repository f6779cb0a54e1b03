#include "host/app/command_line.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace rhumb::app {
namespace {

class CommandLineTest : public ::testing::Test {
 protected:
  void TearDown() override { ::unsetenv("RHUMB_HTTP_PORT"); }
};

TEST_F(CommandLineTest, the_command_line_overrides_the_environment_which_overrides_the_file) {
  const std::string file = testing::TempDir() + "/command_line_test.yaml";
  std::ofstream(file) << "http:\n  port: 1001\n  host: 127.0.0.2\nlog:\n  level: warn\n";
  ::setenv("RHUMB_HTTP_PORT", "1002", 1);
  auto line = parse_command_line({"--config", file});
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_EQ(line->settings.http.port, 1002u);
  EXPECT_EQ(line->settings.http.host, "127.0.0.2");
  line = parse_command_line(
      {"--port=1003", "--config=" + file, "--set", "log.level=error", "--data", "/x"});
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_EQ(line->settings.http.port, 1003u);
  EXPECT_EQ(line->settings.log.level, "error");
  EXPECT_EQ(line->settings.node.data_dir, "/x");
}

TEST_F(CommandLineTest, check_takes_a_directory_and_the_same_options) {
  auto line = parse_command_line({"check", "/x", "--set", "log.level=error"});
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_TRUE(line->check);
  EXPECT_EQ(line->settings.node.data_dir, "/x");
  EXPECT_EQ(line->settings.log.level, "error");
  line = parse_command_line({"check", "--data=/y"});
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_TRUE(line->check);
  EXPECT_EQ(line->settings.node.data_dir, "/y");
  EXPECT_FALSE(line->json);
  EXPECT_TRUE(parse_command_line({"check", "-o", "json", "/x"})->json);
  EXPECT_FALSE(parse_command_line({"check", "-o", "yaml"}).ok());
  EXPECT_FALSE(parse_command_line({"check", "-o"}).ok());
  EXPECT_FALSE(parse_command_line({"-o", "json"}).ok());  // an option of `check` only
  // `check` is a command, so it has to come first.
  EXPECT_FALSE(parse_command_line({"--port=1", "check"}).ok());
}

TEST_F(CommandLineTest, errors_name_the_word_and_what_was_expected) {
  const struct {
    std::vector<std::string> words;
    std::vector<std::string> told;
  } cases[] = {
      {{"--prot", "1"}, {"--prot", "unknown"}},
      {{"serve"}, {"serve", "unknown"}},
      {{"--port"}, {"--port", "needs a value"}},
      {{"--port", "http"}, {"--port", "http.port", "'http'", "0 to 65535"}},
      {{"--set", "http.port"}, {"--set", "section.key=value"}},
      {{"--set", "http.prot=1"}, {"http.prot", "unknown key"}},
      {{"--insecure=yes"}, {"--insecure", "no value"}},
      {{"--config", "/nowhere.yaml"}, {"/nowhere.yaml"}},
  };
  for (const auto& c : cases) {
    const auto line = parse_command_line(c.words);
    ASSERT_FALSE(line.ok()) << c.words[0];
    for (const std::string& word : c.told)
      EXPECT_NE(line.status().message().find(word), std::string::npos) << line.status().message();
  }
}

TEST_F(CommandLineTest, flags_take_no_value) {
  const auto line =
      parse_command_line({"--insecure", "--check-config", "--print-config", "--version", "-h"});
  ASSERT_TRUE(line.ok());
  EXPECT_TRUE(line->insecure && line->check_config && line->print_config && line->version &&
              line->help);
  EXPECT_FALSE(parse_command_line({})->insecure);
}

TEST_F(CommandLineTest, the_help_names_every_word_that_is_taken) {
  for (const char* word : {"--config", "--data", "--host", "--port", "--set", "--insecure",
                           "--check-config", "--print-config", "--version", "--help"}) {
    EXPECT_NE(usage().find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace rhumb::app
