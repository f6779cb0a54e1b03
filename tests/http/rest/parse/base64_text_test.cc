// Blocks of 32 characters are decoded at once where the processor can do it. The result must be
// that of decoding one character after another.
#include "host/http/rest/parse/base64_text.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>

namespace rhumb::http::rest {
namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// RFC 4648: six bits per character, the highest first.
std::optional<std::string> by_the_book(std::string_view text) {
  std::string out;
  uint32_t bits = 0, count = 0;
  for (const char c : text) {
    size_t digit = kStandard.find(c);
    if (digit == std::string_view::npos) digit = kUrl.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>(bits >> count & 0xff));
  }
  return out;
}

std::optional<std::string> read(const std::string& text) {
  constexpr size_t kGuard = 40;
  std::string out(base64_bytes(text) + kGuard, '#');
  const bool read = read_base64(text, reinterpret_cast<unsigned char*>(out.data()));
  EXPECT_EQ(out.substr(base64_bytes(text)), std::string(kGuard, '#'))
      << "wrote beyond the end of " << text;
  out.resize(base64_bytes(text));
  return read ? std::optional(out) : std::nullopt;
}

TEST(Base64TextTest, every_character_is_read_in_every_place_of_a_block) {
  for (size_t length : {7u, 44u, 97u}) {
    for (size_t at = 0; at < length; ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string text;
        for (size_t i = 0; i < length; ++i) text.push_back(kStandard[(7 * i + at) % 64]);
        text[at] = static_cast<char>(c);
        ASSERT_EQ(read(text), by_the_book(text))
            << "character " << c << " at " << at << " of " << length;
      }
    }
  }
}

TEST(Base64TextTest, texts_of_every_length_are_read) {
  std::mt19937 random(7);
  for (size_t length = 0; length < 300; ++length) {
    for (const std::string_view alphabet : {kStandard, kUrl}) {
      std::string text;
      for (size_t i = 0; i < length; ++i) text.push_back(alphabet[random() % 64]);
      ASSERT_EQ(read(text), by_the_book(text)) << text;
    }
  }
}

}  // namespace
}  // namespace rhumb::http::rest
