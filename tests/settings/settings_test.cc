#include "host/settings/settings.h"
#include "tests/places.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace rhumb::settings {
namespace {

std::string write_yaml(const std::string& text) {
  const std::string path = testing::TempDir() + "/settings_test.yaml";
  std::ofstream(path) << text;
  return path;
}

TEST(Settings, the_documented_file_is_what_the_defaults_print) {
  std::ifstream file(places::source() + "/config/rhumb.yaml");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), print(Settings{})) << "config/rhumb.yaml is made by: rhumbd --print-config";
}

TEST(Settings, what_is_printed_is_read_back_the_same) {
  Settings s;
  ASSERT_TRUE(set(s, "http.port", "7001").ok());
  ASSERT_TRUE(set(s, "storage.sync", "interval").ok());
  ASSERT_TRUE(set(s, "http.cors_origins", "https://a.example,https://b.example").ok());
  Settings again;
  ASSERT_TRUE(load_file(again, write_yaml(print(s))).ok());
  EXPECT_EQ(print(again), print(s));
}

TEST(Settings, every_key_has_its_own_path_and_environment_name) {
  std::set<std::string> names;
  for (const Key& key : keys()) {
    EXPECT_TRUE(names.insert(environment_name(key.path)).second) << key.path;
    EXPECT_FALSE(key.help.empty()) << key.path;
    EXPECT_FALSE(key.expects.empty()) << key.path;
  }
}

TEST(Settings, errors_name_file_line_key_and_what_was_expected) {
  const struct {
    std::string yaml;
    std::vector<std::string> words;
  } cases[] = {
      {"http:\n  port: 1\n  prot: 2\n", {":3: ", "http.prot", "unknown"}},
      {"htp:\n  port: 1\n", {":1: ", "htp", "unknown section"}},
      {"http:\n  port: 70000\n", {":2: ", "http.port", "70000", "0 to 65535"}},
      {"http:\n  port: x\n", {":2: ", "http.port", "'x'"}},
      {"http:\n  cors: perhaps\n", {":2: ", "http.cors", "true or false"}},
      {"storage:\n  sync: sometimes\n", {":2: ", "storage.sync", "always, interval, never"}},
      {"http: 7\n", {":1: ", "http"}},
      {"- a\n", {":1: "}},
      {"http:\n  port: [1, [2]]\n", {":2: ", "http.port"}},
      {"http: {port: 1\n", {":"}},
  };
  for (const auto& c : cases) {
    Settings s;
    const base::Status status = load_file(s, write_yaml(c.yaml));
    ASSERT_FALSE(status.ok()) << c.yaml;
    for (const std::string& word : c.words)
      EXPECT_NE(status.message().find(word), std::string::npos) << status.message();
  }
  Settings s;
  EXPECT_EQ(load_file(s, "/nowhere/rhumb.yaml").code(), base::Code::kNotFound);
}

TEST(Settings, the_endpoint_of_traces_is_a_plain_url_of_http) {
  Settings s;
  for (const char* good : {"", "http://collector", "http://127.0.0.1:4318", "http://[::1]:4318/",
                           "http://otel.example:1/a/b_c~d", "http://c:65535"})
    EXPECT_TRUE(set(s, "tracing.endpoint", good).ok()) << good;
  std::vector<std::string> bad;
  for (const char* text : {"collector:4318", "https://collector:4318", "http://", "http://:4318",
                           "http://c:0", "http://c:65536", "http://c:", "http://u:p@c:1",
                           "http://c:1/?a=b", "http://c:1/#a", "http://c 1", "http://c:1/\r\nX: y"})
    bad.emplace_back(text);
  bad.emplace_back(10'000, 'a');
  bad.back().replace(0, 7, "http://");
  bad.emplace_back("http://c:1/a");
  bad.back().back() = '\0';
  for (const std::string& text : bad) {
    const base::Status status = set(s, "tracing.endpoint", text);
    ASSERT_EQ(status.code(), base::Code::kInvalid) << text;
    EXPECT_TRUE(status.message().starts_with("tracing.endpoint: '" + text + "'"));
  }
  EXPECT_EQ(s.tracing.endpoint, "http://c:65535");
}

TEST(Settings, the_share_of_traced_requests_is_from_0_to_1) {
  Settings s;
  for (const char* good : {"0", "0.01", "1"})
    EXPECT_TRUE(set(s, "tracing.sample_ratio", good).ok()) << good;
  for (const char* bad : {"", "-0.1", "1.01", "nan", "inf", "some", "0.1x"})
    EXPECT_FALSE(set(s, "tracing.sample_ratio", bad).ok()) << bad;
}

// Writes rhumb.yaml, and files into conf.d beside it. Returns the path of rhumb.yaml.
std::string write_parts(const std::map<std::string, std::string>& parts) {
  const std::string directory = testing::TempDir() + "/settings_parts";
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory + "/conf.d");
  for (const auto& [name, text] : parts) std::ofstream(directory + "/conf.d/" + name) << text;
  std::ofstream(directory + "/rhumb.yaml") << "http: {port: 1, host: 10.0.0.1}\n";
  return directory + "/rhumb.yaml";
}

TEST(Settings, files_in_conf_d_override_the_file_in_the_order_of_their_names) {
  Settings s;
  ASSERT_TRUE(load_file_and_parts(s, write_parts({{"20-port.yaml", "http: {port: 3}\n"},
                                                  {"10-port.yaml", "http: {port: 2}\n"},
                                                  {"15-log.yaml", "log: {level: warn}\n"},
                                                  {"empty.yaml", ""}}))
                  .ok());
  EXPECT_EQ(s.http.port, 3u);
  EXPECT_EQ(s.http.host, "10.0.0.1");
  EXPECT_EQ(s.log.level, "warn");
}

TEST(Settings, an_error_in_conf_d_names_its_file_and_key) {
  Settings s;
  const base::Status status = load_file_and_parts(
      s,
      write_parts({{"10.yaml", "log: {level: warn}\n"}, {"20-bad.yaml", "log:\n  level: loud\n"}}));
  ASSERT_EQ(status.code(), base::Code::kInvalid);
  for (const std::string word : {"conf.d/20-bad.yaml:2: ", "log.level", "'loud'"})
    EXPECT_NE(status.message().find(word), std::string::npos) << status.message();
}

TEST(Settings, other_files_in_conf_d_are_left_out_and_conf_d_may_be_missing) {
  Settings s;
  const std::string path = write_parts(
      {{"10.yaml.dpkg-old", "not: [yaml"}, {".10.yaml", "not: [yaml"}, {"README", "not: [yaml"}});
  EXPECT_TRUE(load_file_and_parts(s, path).ok());
  std::filesystem::remove_all(std::filesystem::path(path).parent_path() / "conf.d");
  EXPECT_TRUE(load_file_and_parts(s, path).ok());
  EXPECT_EQ(s.http.port, 1u);
}

TEST(Settings, the_environment_overrides_the_file_and_is_named_in_errors) {
  Settings s;
  ASSERT_TRUE(load_environment(s, {{"RHUMB_HTTP_PORT", "7002"}, {"RHUMB_URL", "not ours"}}).ok());
  EXPECT_EQ(s.http.port, 7002u);
  const base::Status status = load_environment(s, {{"RHUMB_LOG_LEVEL", "loud"}});
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find("RHUMB_LOG_LEVEL"), std::string::npos);
  EXPECT_NE(status.message().find("trace, debug, info, warn, error"), std::string::npos);
}

TEST(Settings, secrets_are_not_printed) {
  Settings s;
  ASSERT_TRUE(set(s, "auth.api_key", "a-secret").ok());
  EXPECT_EQ(print(s).find("a-secret"), std::string::npos);
  EXPECT_NE(print(s).find("***"), std::string::npos);
}

}  // namespace
}  // namespace rhumb::settings
