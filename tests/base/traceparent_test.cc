// The header of W3C Trace Context, with the hostile forms that its own test suite sends.
#include "host/base/traceparent.h"

#include <gtest/gtest.h>

#include "host/base/hex.h"

namespace rhumb::base {
namespace {

constexpr std::string_view kTrace = "0123456789abcdef0123456789abcdef";
constexpr std::string_view kSpan = "fedcba9876543210";

std::string text(std::string_view version, std::string_view trace, std::string_view span,
                 std::string_view flags) {
  std::string out(version);
  for (const std::string_view part : {trace, span, flags}) out.append("-").append(part);
  return out;
}

TEST(Traceparent, a_valid_text_is_read) {
  const auto parent = parse_traceparent(text("00", kTrace, kSpan, "01"));
  ASSERT_TRUE(parent.has_value());
  EXPECT_EQ(hex(parent->trace_id), kTrace);
  EXPECT_EQ(hex(parent->span_id), kSpan);
  EXPECT_TRUE(parent->sampled);
}

TEST(Traceparent, only_the_lowest_flag_means_sampled) {
  for (const auto& [flags, sampled] :
       {std::pair("00", false), std::pair("01", true), std::pair("02", false),
        std::pair("03", true), std::pair("fe", false), std::pair("ff", true)}) {
    const auto parent = parse_traceparent(text("00", kTrace, kSpan, flags));
    ASSERT_TRUE(parent.has_value()) << flags;
    EXPECT_EQ(parent->sampled, sampled) << flags;
  }
}

TEST(Traceparent, a_later_version_may_have_more_parts) {
  const std::string later = text("cc", kTrace, kSpan, "01");
  for (const std::string& valid : {later, later + "-", later + "-what-the-future-brings"})
    EXPECT_TRUE(parse_traceparent(valid).has_value()) << valid;
  for (const std::string& invalid : {later + ".", later + "01", later + "what"})
    EXPECT_FALSE(parse_traceparent(invalid).has_value()) << invalid;
}

TEST(Traceparent, everything_else_is_refused) {
  const std::string good = text("00", kTrace, kSpan, "01");
  const std::string zeros(32, '0');
  std::vector<std::string> bad = {
      "",
      "-",
      "00",
      text("ff", kTrace, kSpan, "01"),
      text("0", kTrace, kSpan, "01"),
      text("000", kTrace, kSpan, "01"),
      text(".0", kTrace, kSpan, "01"),
      text("00", zeros, kSpan, "01"),
      text("00", kTrace, zeros.substr(0, 16), "01"),
      text("00", "0123456789ABCDEF0123456789ABCDEF", kSpan, "01"),
      text("00", kTrace, "FEDCBA9876543210", "01"),
      text("00", kTrace.substr(1), kSpan, "01"),
      text("00", std::string(kTrace) + "0", kSpan, "01"),
      text("00", kTrace, kSpan, "1"),
      text("00", kTrace, kSpan, "0x"),
      text("00", kTrace, kSpan, "0A"),
      good + "-",
      good + "-what",
      good + ",",
      good + "\n",
      " " + good,
      good + good,
      std::string(100'000, '0'),
  };
  std::string with_zero_byte = good;
  with_zero_byte[10] = '\0';
  bad.push_back(with_zero_byte);
  for (size_t i = 0; i < good.size(); ++i) {
    bad.push_back(good.substr(0, i));
    bad.push_back(good);
    bad.back()[i] = 'g';
    bad.push_back(good);
    bad.back()[i] = '\xc3';
  }
  for (const std::string& t : bad) EXPECT_FALSE(parse_traceparent(t).has_value()) << t;
}

TEST(Traceparent, the_text_of_a_context_reads_back) {
  TraceContext context;
  for (size_t i = 0; i < context.trace_id.size(); ++i)
    context.trace_id[i] = static_cast<uint8_t>(i * 16);
  context.span_id.back() = 1;
  const std::string written = traceparent_text(context);
  EXPECT_EQ(written, "00-00102030405060708090a0b0c0d0e0f0-0000000000000001-01");
  const auto parent = parse_traceparent(written);
  ASSERT_TRUE(parent.has_value());
  EXPECT_EQ(parent->trace_id, context.trace_id);
  EXPECT_EQ(parent->span_id, context.span_id);
}

}  // namespace
}  // namespace rhumb::base
