#include "host/base/hex.h"

#include <gtest/gtest.h>

#include <vector>

namespace rhumb::base {
namespace {

TEST(Hex, bytes_are_two_digits_each_in_lower_case) {
  EXPECT_EQ(hex(std::vector<uint8_t>{}), "");
  EXPECT_EQ(hex(std::vector<uint8_t>{0, 1, 0x7f, 0x80, 0xab, 0xff}), "00017f80abff");
  std::string out = "\\x";
  append_hex(out, 0x0a);
  EXPECT_EQ(out, "\\x0a");
}

TEST(Hex, a_number_has_sixteen_digits) {
  EXPECT_EQ(hex(uint64_t{0}), "0000000000000000");
  EXPECT_EQ(hex(uint64_t{0x0123456789abcdef}), "0123456789abcdef");
  EXPECT_EQ(hex(UINT64_MAX), "ffffffffffffffff");
}

TEST(Hex, digits_of_either_case_are_read) {
  EXPECT_EQ(parse_hex("0"), 0u);
  EXPECT_EQ(parse_hex("fF"), 255u);
  EXPECT_EQ(parse_hex("00e9"), 0xe9u);
  EXPECT_EQ(parse_hex("ffffffff"), UINT32_MAX);
}

TEST(Hex, a_text_of_other_characters_or_of_more_digits_is_refused) {
  for (const char* text : {"", "g", "/", ":", "@", "`", "1g", "g1", "0x1", "+1", "-1", " 1", "1 ",
                           "\xff", "000000000", "100000000"})
    EXPECT_EQ(parse_hex(text), std::nullopt) << text;
  EXPECT_EQ(parse_hex(std::string_view("1\0", 2)), std::nullopt);
  for (int c = 0; c < 256; ++c) {
    const char character = static_cast<char>(c);
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    EXPECT_EQ(parse_hex({&character, 1}).has_value(), digit) << c;
  }
}

}  // namespace
}  // namespace rhumb::base
