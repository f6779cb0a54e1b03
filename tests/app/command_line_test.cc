#include "host/app/command_line.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "host/app/command_table.h"

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

TEST_F(CommandLineTest, conf_d_beside_the_configuration_file_is_read_after_it) {
  const std::string directory = testing::TempDir() + "/command_line_parts";
  std::filesystem::create_directories(directory + "/conf.d");
  std::ofstream(directory + "/rhumb.yaml") << "http: {port: 1001, workers: 3}\n";
  std::ofstream(directory + "/conf.d/10.yaml") << "http: {port: 1004}\n";
  const auto line = parse_command_line({"--config", directory + "/rhumb.yaml"});
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_EQ(line->settings.http.port, 1004u);
  EXPECT_EQ(line->settings.http.workers, 3u);
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
  EXPECT_TRUE(parse_command_line({"check", "/x", "--output=json"})->json);
  EXPECT_FALSE(parse_command_line({"check", "-o", "json", "-o", "text"})->json);
  EXPECT_EQ(parse_command_line({"check", "--", "-x"})->settings.node.data_dir, "-x");
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
      {{"--set", "log.level=warn", "--data"}, {"--data", "needs a value"}},
      {{"--port", ""}, {"--port", "http.port"}},
      {{"--port="}, {"--port", "http.port"}},
      {{"-p", "1"}, {"-p", "unknown"}},
      {{"-help"}, {"-help", "unknown"}},
      {{"check", "-o", "xml"}, {"-o", "'xml'", "text, json"}},
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

TEST_F(CommandLineTest, the_name_of_an_option_is_written_out) {
  for (const char* word :
       {"--por", "--PORT", "--conf", "--check", "--port:1", "--h", "--help-me"}) {
    const auto line = parse_command_line({word, "1"});
    ASSERT_FALSE(line.ok()) << word;
    EXPECT_NE(line.status().message().find("unknown option " + std::string(word)),
              std::string::npos)
        << line.status().message();
  }
}

TEST_F(CommandLineTest, a_value_may_look_like_an_option_and_hold_any_sign) {
  auto line = parse_command_line({"--data", "--x", "--set=auth.api_key=a=b:c"});
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_EQ(line->settings.node.data_dir, "--x");
  EXPECT_EQ(line->settings.auth.api_key, "a=b:c");
}

TEST_F(CommandLineTest, of_an_option_that_is_given_twice_the_last_counts) {
  auto line = parse_command_line(
      {"--port", "1", "--set", "http.port=2", "--port=3", "--insecure", "--insecure"});
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_EQ(line->settings.http.port, 3u);
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
  const std::string help = usage();
  for (const base::CommandRow& command : program().commands) {
    EXPECT_NE(help.find(command.synopsis), std::string::npos) << help;
    for (const auto& options : {command.options, program().common}) {
      for (const base::OptionRow& row : options)
        EXPECT_EQ(help.find("--" + row.name) == std::string::npos, row.hidden) << row.name;
    }
  }
  for (const char* word : {"Exit codes: 0 = no problems", "RHUMB_HTTP_PORT", "SIGHUP"})
    EXPECT_NE(help.find(word), std::string::npos) << help;
}

}  // namespace
}  // namespace rhumb::app
