#include "host/payload/json/document.h"

#include <gtest/gtest.h>

#include "host/base/limits.h"

namespace rhumb::payload {
namespace {

TEST(Value, the_kind_of_a_value_is_reported) {
  EXPECT_EQ(Value().kind(), Kind::kMissing);
  EXPECT_EQ(Value("null").kind(), Kind::kNull);
  EXPECT_EQ(Value("true").kind(), Kind::kBool);
  EXPECT_EQ(Value("-12").kind(), Kind::kInteger);
  EXPECT_EQ(Value("1e5").kind(), Kind::kFloat);
  EXPECT_EQ(Value("1.0").kind(), Kind::kFloat);
  EXPECT_EQ(Value("\"e\"").kind(), Kind::kString);
}

TEST(Value, numbers_are_read_exactly) {
  EXPECT_EQ(Value("9223372036854775807").as_int64(), INT64_MAX);
  EXPECT_EQ(Value("-9223372036854775808").as_int64(), INT64_MIN);
  EXPECT_EQ(Value("9223372036854775808").as_int64(), std::nullopt);
  EXPECT_EQ(Value("18446744073709551615").as_double(), 18446744073709551615.0);
  EXPECT_EQ(Value("5.0").as_int64(), std::nullopt);
  EXPECT_EQ(Value("1e-999").as_double(), 0.0);
  EXPECT_EQ(Value("1e999").as_double(), std::nullopt);
  EXPECT_EQ(Value("\"5\"").as_double(), std::nullopt);
}

TEST(Value, strings_are_compared_unescaped) {
  EXPECT_TRUE(Value(R"("caf\u00e9")").equals("caf\xc3\xa9"));
  EXPECT_TRUE(Value(R"("\ud83d\ude00")").equals("\xf0\x9f\x98\x80"));
  EXPECT_TRUE(Value(R"("a\"b\\c\/d\n")").equals("a\"b\\c/d\n"));
  EXPECT_FALSE(Value(R"("x\ny")").equals(R"(x\ny)"));  // the text is the same, the string is not
  EXPECT_FALSE(Value("\"ab\"").equals("a"));
  EXPECT_FALSE(Value("\"a\"").equals("ab"));
  EXPECT_TRUE(Value("\"\"").equals(""));
}

TEST(Value, members_are_found) {
  const Value doc(R"({"a":{"x":1},"b\u0020c":[1,"}",{"y":"\\\""}],"":"empty"})");
  EXPECT_EQ(doc.find("a").find("x").text(), "1");
  EXPECT_EQ(doc.find("b c").text(), R"([1,"}",{"y":"\\\""}])");
  EXPECT_EQ(doc.find("").text(), "\"empty\"");
  EXPECT_FALSE(doc.find("x").exists());
  EXPECT_FALSE(Value("[1]").find("a").exists());
}

// If the text is cut off or damaged, the walk ends within the text and reports it.
TEST(Value, damaged_documents_do_no_harm) {
  const std::string text = R"({"a":[1,{"b":"c\"d"},null],"e":{"f":[[],{}]},"g":-1.5e3})";
  for (size_t cut = 0; cut < text.size(); ++cut) {
    const std::string damaged = text.substr(0, cut);
    if (damaged.empty()) continue;
    MemberCursor member{Value(damaged)};
    while (member.next()) {
      EXPECT_LE(member.value().text().size(), damaged.size());
    }
    EXPECT_TRUE(member.damaged()) << damaged;
    EXPECT_FALSE(check_document(damaged).ok()) << damaged;
  }
  for (size_t at = 0; at < text.size(); ++at) {
    for (const char c : {'"', '{', '}', ']', ',', '\\', '\0'}) {
      std::string damaged = text;
      damaged[at] = c;
      size_t members = 0;
      for (MemberCursor member{Value(damaged)}; member.next();) ++members;
      EXPECT_LE(members, damaged.size());
    }
  }
}

TEST(CheckDocument, only_minified_objects_are_accepted) {
  for (
      const char* good :
      {"", "{}",
       R"({"a":[],"b":{"c":[{},[1,-0.5e+3]]},"d":"\u00e9\ud83d\ude00","e":18446744073709551615})"}) {
    EXPECT_TRUE(check_document(good).ok()) << good << ": " << check_document(good).to_string();
  }
  for (const char* bad : {"[]",
                          "1",
                          "{",
                          "{}{}",
                          "{} ",
                          " {}",
                          R"({"a": 1})",
                          R"({"a":1,})",
                          R"({"a":[1,]})",
                          R"({"a":[,1]})",
                          R"({"a":01})",
                          R"({"a":+1})",
                          R"({"a":1.})",
                          R"({"a":.5})",
                          R"({"a":1e})",
                          R"({"a":1e999})",
                          R"({"a":18446744073709551616})",
                          R"({"a":-9223372036854775809})",
                          R"({"a":nul})",
                          R"({"a":True})",
                          R"({"a":"\x"})",
                          R"({"a":"\u12"})",
                          R"({"a":"\ud800"})",
                          "{\"a\":\"\xff\"}",
                          "{\"a\":\"\n\"}",
                          R"({a:1})",
                          R"({"a"})",
                          R"({"a":})",
                          R"({"a":1,"b":2,"\u0061":3})",
                          R"({"a":NaN})",
                          R"({"a":[1}})"}) {
    const base::Status status = check_document(bad);
    EXPECT_EQ(status.code(), base::Code::kInvalid) << bad;
  }
}

TEST(CheckDocument, depth_and_size_are_limited) {
  const auto nested = [](uint32_t depth) {
    std::string text = "{\"a\":";
    for (uint32_t i = 1; i < depth; ++i) text += '[';
    for (uint32_t i = 1; i < depth; ++i) text += ']';
    return text + "}";
  };
  EXPECT_TRUE(check_document(nested(base::limits::kMaxJsonDepth)).ok());
  EXPECT_FALSE(check_document(nested(base::limits::kMaxJsonDepth + 1)).ok());
  const std::string large = "{\"a\":\"" + std::string(base::limits::kMaxPayloadBytes, 'x') + "\"}";
  EXPECT_FALSE(check_document(large).ok());
}

}  // namespace
}  // namespace rhumb::payload
