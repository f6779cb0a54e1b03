// Blocks of 32 characters are decoded at once where the processor can do it. The result must be
// that of decoding one character after another.
#include "host/base/base64.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>

namespace rhumb::base {
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

TEST(Base64, every_character_is_read_in_every_place_of_a_block) {
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

TEST(Base64, texts_of_every_length_are_read) {
  std::mt19937 random(7);
  for (size_t length = 0; length < 300; ++length) {
    for (const std::string_view alphabet : {kStandard, kUrl}) {
      std::string text;
      for (size_t i = 0; i < length; ++i) text.push_back(alphabet[random() % 64]);
      ASSERT_EQ(read(text), by_the_book(text)) << text;
    }
  }
}

TEST(Base64, the_examples_of_the_standard_are_written) {  // RFC 4648, section 10
  const struct {
    const char* bytes;
    const char* text;
  } cases[] = {{"", ""},
               {"f", "Zg=="},
               {"fo", "Zm8="},
               {"foo", "Zm9v"},
               {"foob", "Zm9vYg=="},
               {"fooba", "Zm9vYmE="},
               {"foobar", "Zm9vYmFy"}};
  for (const auto& c : cases) {
    EXPECT_EQ(to_base64(c.bytes), c.text);
    const std::string padded = c.text;
    EXPECT_EQ(to_base64url(c.bytes), padded.substr(0, padded.find('=')));
  }
  EXPECT_EQ(to_base64("\xfb\xff\xfe"), "+//+");
  EXPECT_EQ(to_base64url("\xfb\xff\xfe"), "-__-");
}

TEST(Base64, bytes_that_are_written_are_read_back) {
  std::mt19937 random(11);
  for (size_t length = 0; length < 300; ++length) {
    std::string bytes(length, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    ASSERT_EQ(read(to_base64url(bytes)), bytes) << length;
    std::string text = to_base64(bytes);
    ASSERT_EQ(text.size() % 4, 0u);
    while (text.ends_with('=')) text.pop_back();
    ASSERT_EQ(read(text), bytes) << length;
  }
}

}  // namespace
}  // namespace rhumb::base
