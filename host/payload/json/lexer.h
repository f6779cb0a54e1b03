// The lowest layer of reading payload text: finds the end of a string or a value. Internal to
// host/payload.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rhumb::payload {

inline constexpr size_t kDamaged = static_cast<size_t>(-1);

// `at` is an opening quote. Returns the position after the closing quote, or kDamaged.
size_t skip_string(std::string_view text, size_t at);
// `at` is the first byte of a value. Returns the position after the value, or kDamaged. Brackets
// are counted and not matched by kind.
size_t skip_value(std::string_view text, size_t at);

// Appends the characters that the inside of a string (between its quotes) stands for. A lone
// surrogate becomes the three bytes that would encode it. Returns false for an invalid escape.
bool append_unescaped(std::string& out, std::string_view inside);

}  // namespace rhumb::payload
