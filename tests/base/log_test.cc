#include "host/base/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "host/base/json_text.h"
#include "host/base/limits.h"
#include "tests/base/traces.h"

namespace rhumb::base {
namespace {

class LogTest : public ::testing::Test {
 protected:
  void TearDown() override { log_configure(LogLevel::kInfo, LogFormat::kAuto); }
};

TEST_F(LogTest, a_line_is_one_json_object) {
  log_configure(LogLevel::kInfo, LogFormat::kJson);
  testing::internal::CaptureStderr();
  log_info("http", "listening",
           {{"host", "::1"}, {"port", 6333}, {"big", UINT64_MAX}, {"ratio", 0.5}, {"tls", false}});
  const std::string out = testing::internal::GetCapturedStderr();
  ASSERT_EQ(out.back(), '\n');
  const auto line = nlohmann::json::parse(out);
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["component"], "http");
  EXPECT_EQ(line["message"], "listening");
  EXPECT_EQ(line["port"], 6333);
  EXPECT_EQ(line["big"], UINT64_MAX);
  EXPECT_EQ(line["ratio"], 0.5);
  EXPECT_EQ(line["tls"], false);
  EXPECT_EQ(line["time"].get<std::string>().size(),
            std::string("2026-01-02T03:04:05.678901Z").size());
}

TEST_F(LogTest, a_line_of_a_traced_request_has_its_trace) {
  log_configure(LogLevel::kInfo, LogFormat::kJson);
  testing::internal::CaptureStderr();
  KeptSpans sink;
  {
    const TraceScope scope({{0xab, 1}, {2}, &sink});
    log_info("http", "inside");
  }
  log_info("http", "outside");
  std::istringstream out(testing::internal::GetCapturedStderr());
  std::string inside, outside;
  std::getline(out, inside);
  std::getline(out, outside);
  EXPECT_EQ(nlohmann::json::parse(inside)["trace_id"], "ab010000000000000000000000000000");
  EXPECT_FALSE(nlohmann::json::parse(outside).contains("trace_id"));
}

TEST_F(LogTest, hostile_values_cannot_forge_lines) {
  log_configure(LogLevel::kInfo, LogFormat::kJson);
  testing::internal::CaptureStderr();
  using namespace std::string_literals;
  const std::string hostile = "a\"\n{\"level\":\"error\"}\x01\x7f\xff\xc0\xaf\0end"s;
  log_info("http", "request", {{"path", hostile}});
  const std::string out = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
  const auto line = nlohmann::json::parse(out);
  const auto path = line["path"].get<std::string>();
  EXPECT_EQ(path.substr(0, 3), "a\"\n");
  EXPECT_NE(path.find("\xef\xbf\xbd"), std::string::npos);
  log_configure(LogLevel::kInfo, LogFormat::kText);
  testing::internal::CaptureStderr();
  log_info("http", "request", {{"path", hostile}});
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_EQ(text.find('\x01'), std::string::npos);
}

TEST_F(LogTest, lines_below_the_level_are_left_out) {
  log_configure(LogLevel::kWarn, LogFormat::kJson);
  EXPECT_FALSE(log_enabled(LogLevel::kInfo));
  EXPECT_TRUE(log_enabled(LogLevel::kError));
  testing::internal::CaptureStderr();
  log_info("a", "no");
  log_warn("a", "yes");
  const std::string out = testing::internal::GetCapturedStderr();
  EXPECT_EQ(out.find("no\""), std::string::npos);
  EXPECT_NE(out.find("yes\""), std::string::npos);
}

TEST_F(LogTest, an_overlong_line_is_cut_stays_valid_and_says_so) {
  log_configure(LogLevel::kInfo, LogFormat::kJson);
  testing::internal::CaptureStderr();
  log_info("a", "long",
           {{"before", 1}, {"blob", std::string(limits::kMaxLogLineBytes, 'x')}, {"after", 2}});
  const auto line = nlohmann::json::parse(testing::internal::GetCapturedStderr());
  EXPECT_EQ(line["before"], 1);
  EXPECT_EQ(line["after"], 2);
  EXPECT_EQ(line["truncated"], true);
  EXPECT_FALSE(line.contains("blob"));
}

TEST_F(LogTest, threads_do_not_mix_lines) {
  log_configure(LogLevel::kInfo, LogFormat::kJson);
  testing::internal::CaptureStderr();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 200; ++i)
        log_info("t", "m", {{"thread", t}, {"i", i}, {"pad", std::string(300, 'p')}});
    });
  }
  for (auto& thread : threads) thread.join();
  std::istringstream lines(testing::internal::GetCapturedStderr());
  std::string line;
  int count = 0;
  for (; std::getline(lines, line); ++count) ASSERT_TRUE(nlohmann::json::accept(line)) << line;
  EXPECT_EQ(count, 800);
}

TEST(JsonText, agrees_with_a_full_json_library_on_every_two_byte_string_and_on_utf8_edges) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text{static_cast<char>(a), static_cast<char>(b)};
      std::string out;
      append_json_string(out, text);
      const auto parsed = nlohmann::json::parse(out, nullptr, false);
      ASSERT_TRUE(parsed.is_string()) << a << ' ' << b;
      if (a < 0x80 && b < 0x80) {
        ASSERT_EQ(parsed.get<std::string>(), text);
      }
    }
  }
  for (const char* good : {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(utf8_length_at(good, 0), std::string_view(good).size()) << good;
  }
  for (const char* bad :
       {"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80", "\xe2\x82", "\xc2"}) {
    EXPECT_EQ(utf8_length_at(bad, 0), 0u) << bad;
  }
}

}  // namespace
}  // namespace rhumb::base
