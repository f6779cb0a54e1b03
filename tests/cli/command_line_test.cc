#include "host/cli/command_line.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "host/base/version.h"
#include "host/cli/command_table.h"

namespace rhumb::cli {
namespace {

using Words = std::vector<std::string>;

class CliCommandLine : public ::testing::Test {
 protected:
  CliCommandLine() { forget(); }
  ~CliCommandLine() override { forget(); }
  static void forget() {
    ::unsetenv("RHUMB_URL");
    ::unsetenv("RHUMB_API_KEY");
  }
  static CommandLine parsed(const Words& words) {
    auto line = parse_command_line(words);
    EXPECT_TRUE(line.ok()) << line.status().message();
    return line.ok() ? *line : CommandLine{};
  }
  static Arguments arguments(const Words& words) { return parsed(words).arguments; }
  static std::string refused(const Words& words) {
    const auto line = parse_command_line(words);
    EXPECT_FALSE(line.ok());
    if (line.ok()) return "";
    EXPECT_EQ(line.status().code(), base::Code::kInvalid);
    return line.status().message();
  }
};

TEST_F(CliCommandLine, options_stand_before_and_after_positions) {
  for (const Words& words :
       {Words{"search", "programs", "--like", "gimp", "--limit", "5", "--exact"},
        Words{"search", "--like=gimp", "--limit=5", "--exact", "programs"},
        Words{"search", "--exact", "--like", "gimp", "programs", "-n", "5"}}) {
    const CommandLine line = parsed(words);
    ASSERT_NE(line.command, nullptr);
    EXPECT_EQ(line.command->name, "search");
    EXPECT_EQ(line.arguments.positions(), Words{"programs"});
    EXPECT_EQ(line.arguments.get("like"), "gimp");
    EXPECT_EQ(line.arguments.number("limit", 10), 5u);
    EXPECT_TRUE(line.arguments.has("exact"));
    EXPECT_FALSE(line.arguments.has("explain"));
    EXPECT_FALSE(line.arguments.has("help"));
  }
}

TEST_F(CliCommandLine, common_options_stand_before_and_after_the_command) {
  for (const Words& words : {Words{"status", "--url", "http://db1:6333", "-o", "json", "-q"},
                             Words{"--url=http://db1:6333", "-q", "--output", "json", "status"}}) {
    const Arguments given = arguments(words);
    EXPECT_EQ(given.get("url"), "http://db1:6333");
    EXPECT_EQ(given.get("output"), "json");
    EXPECT_TRUE(given.has("quiet"));
  }
}

TEST_F(CliCommandLine, a_value_may_look_like_an_option_or_a_command_or_a_list) {
  EXPECT_EQ(arguments({"search", "c", "--like", "-5"}).get("like"), "-5");
  EXPECT_EQ(arguments({"search", "c", "--like", "--exact"}).get("like"), "--exact");
  EXPECT_EQ(arguments({"search", "c", "--like", "status"}).get("like"), "status");
  EXPECT_EQ(arguments({"search", "c", "--filter", "[{\"a\":1},2]"}).get("filter"), "[{\"a\":1},2]");
  EXPECT_EQ(arguments({"search", "c", "--filter={\"k\":\"a=b\"}"}).get("filter"),
            "{\"k\":\"a=b\"}");
  EXPECT_EQ(arguments({"search", "c", "--fields", "a,b"}).get("fields"), "a,b");
}

TEST_F(CliCommandLine, a_collection_may_be_called_like_a_command) {
  EXPECT_EQ(arguments({"export", "status"}).positions(), Words{"status"});
  EXPECT_EQ(arguments({"import", "export", "import"}).positions(), (Words{"export", "import"}));
  EXPECT_EQ(arguments({"collections", "show", "list"}).positions(), (Words{"show", "list"}));
}

TEST_F(CliCommandLine, after_two_dashes_every_word_is_a_position) {
  EXPECT_EQ(arguments({"export", "--", "--odd", "-"}).positions(), (Words{"--odd", "-"}));
  EXPECT_EQ(arguments({"import", "c", "-"}).positions(), (Words{"c", "-"}));
}

TEST_F(CliCommandLine, an_empty_value_takes_no_further_word) {
  const Arguments given = arguments({"status", "--api-key=", "--quiet", "--url", ""});
  EXPECT_TRUE(given.has("api-key"));
  EXPECT_EQ(given.get("api-key"), "");
  EXPECT_TRUE(given.has("quiet"));
  EXPECT_EQ(given.get("url", "fallback"), "");
}

TEST_F(CliCommandLine, only_repeated_options_may_be_given_twice) {
  EXPECT_EQ(arguments({"collections", "create", "c", "--index", "a:keyword", "--size", "4",
                       "--index=b:integer"})
                .all("index"),
            (Words{"a:keyword", "b:integer"}));
  const std::string told = refused({"search", "c", "--like", "1", "--like", "2"});
  EXPECT_NE(told.find("--like is given twice"), std::string::npos) << told;
}

TEST_F(CliCommandLine, the_environment_stands_in_for_the_url_and_the_key) {
  ::setenv("RHUMB_URL", "http://from-environment:1", 1);
  ::setenv("RHUMB_API_KEY", "secret", 1);
  EXPECT_EQ(arguments({"status"}).get("url"), "http://from-environment:1");
  EXPECT_EQ(arguments({"status"}).get("api-key"), "secret");
  EXPECT_EQ(arguments({"status", "--url", "http://given:2"}).get("url"), "http://given:2");
  ::setenv("RHUMB_URL", "", 1);
  EXPECT_FALSE(arguments({"status"}).has("url"));
}

TEST_F(CliCommandLine, errors_name_the_word_and_say_how_to_get_help) {
  const struct {
    Words words;
    Words told;
  } cases[] = {
      {{"serch"}, {"unknown command 'serch'", "Try: rhumb --help"}},
      {{"--colour", "status"}, {"unknown option --colour"}},
      {{"status", "--colour"}, {"unknown option --colour", "Try: rhumb status --help"}},
      {{"status", "--colour=red"}, {"unknown option --colour=red"}},
      {{"import", "--colour"}, {"unknown option --colour"}},
      {{"status", "-x"}, {"unknown option -x"}},
      {{"search", "c", "--lim", "5"}, {"unknown option --lim"}},
      {{"status", "now"}, {"unexpected word 'now'", "usage: rhumb status"}},
      {{"import"}, {"COLLECTION is required", "usage: rhumb import COLLECTION FILE"}},
      {{"import", "c"}, {"FILE is required"}},
      {{"search", "c", "--like"}, {"--like needs a value: ID", "Try: rhumb search --help"}},
      {{"status", "--url"}, {"--url needs a value: URL"}},
      {{"status", "--quiet=yes"}, {"--quiet takes no value"}},
      {{"status", "-o", "xml"}, {"--output", "'xml'", "table, json"}},
      {{"collections", "shew", "c"}, {"'shew'", "list, show, create, drop"}},
      {{"--quiet"}, {"a command is required", "usage: rhumb COMMAND"}},
  };
  for (const auto& c : cases) {
    const std::string message = refused(c.words);
    for (const std::string& told : c.told)
      EXPECT_NE(message.find(told), std::string::npos) << message << "\nlacks: " << told;
    EXPECT_NE(message.find("\nTry: rhumb "), std::string::npos) << message;
  }
}

TEST_F(CliCommandLine, numbers_are_held_to_their_range) {
  for (const char* value :
       {"0", "-1", "10001", "x", "5x", "0x10", " 5", "1.5", "", "18446744073709551616"}) {
    const std::string told = refused({"import", "c", "f", "--batch", value});
    EXPECT_NE(told.find("--batch: '" + std::string(value) + "' is not a number from 1 to 10000"),
              std::string::npos)
        << told;
  }
  EXPECT_EQ(arguments({"import", "c", "f", "--batch", "10000"}).number("batch", 1), 10000u);
  EXPECT_EQ(arguments({"import", "c", "f", "--batch", "0010"}).number("batch", 1), 10u);
  EXPECT_EQ(arguments({"import", "c", "f", "--skip", "0"}).number("skip", 1), 0u);
}

TEST_F(CliCommandLine, the_help_lists_the_commands) {
  for (const Words& words : {Words{"--help"}, Words{"-h"}, Words{"help"}}) {
    const CommandLine line = parsed(words);
    EXPECT_EQ(line.command, nullptr);
    for (const base::CommandRow& command : program().commands)
      EXPECT_NE(line.text.find("\n  " + command.name + " "), std::string::npos) << line.text;
    for (const base::OptionRow& option : program().common)
      EXPECT_NE(line.text.find("--" + option.name), std::string::npos) << line.text;
    EXPECT_NE(line.text.find("Exit codes: "), std::string::npos) << line.text;
  }
}

TEST_F(CliCommandLine, the_help_of_a_command_names_all_that_it_takes) {
  for (const base::CommandRow& command : program().commands) {
    for (const Words& words : {Words{command.name, "--help"}, Words{"help", command.name}}) {
      const std::string text = parsed(words).text;
      EXPECT_NE(text.find("Usage: rhumb " + command.synopsis + "\n"), std::string::npos) << text;
      for (const auto& options : {command.options, program().common}) {
        for (const base::OptionRow& row : options) {
          const std::string name = "--" + row.name + (row.value.empty() ? "" : " " + row.value);
          EXPECT_NE(text.find(name + " "), std::string::npos) << text << "\nlacks " << name;
          EXPECT_NE(text.find(row.help + "\n"), std::string::npos) << text;
        }
      }
      for (const base::PositionRow& row : command.positions)
        EXPECT_NE(text.find("\n  " + row.name + " "), std::string::npos) << text;
      for (const std::string& example : command.examples)
        EXPECT_NE(text.find("\n  " + example + "\n"), std::string::npos) << text;
    }
  }
}

TEST_F(CliCommandLine, the_help_looks_like_this) {
  EXPECT_EQ(parsed({"export", "--help"}).text,
            "Write all points as NDJSON to FILE or standard output\n"
            "\n"
            "Usage: rhumb export COLLECTION [FILE]\n"
            "\n"
            "Arguments:\n"
            "  COLLECTION                  the collection\n"
            "  FILE                        the file that is written\n"
            "\n"
            "Options of every command:\n"
            "  --url URL                   server (default $RHUMB_URL or http://127.0.0.1:6333)\n"
            "  --api-key KEY               API key (default $RHUMB_API_KEY)\n"
            "  -o, --output table|json     for people or for programs (default table)\n"
            "  -q, --quiet                 no progress\n"
            "  -h, --help                  show this text\n"
            "  --version                   show the version\n"
            "\n"
            "Examples:\n"
            "  rhumb export articles articles.ndjson\n"
            "  rhumb export articles | zstd > articles.ndjson.zst\n");
}

TEST_F(CliCommandLine, help_needs_no_positions_and_the_version_no_command) {
  EXPECT_NE(parsed({"import", "-h"}).text.find("Examples:"), std::string::npos);
  EXPECT_EQ(parsed({"--version"}).text, std::string("rhumb ") + base::kRhumbVersion + "\n");
  EXPECT_NE(refused({"help", "serch"}).find("'serch'"), std::string::npos);
}

}  // namespace
}  // namespace rhumb::cli
