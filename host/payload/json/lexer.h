// The lowest layer of reading payload text: where a string or a value ends. Internal to
// host/payload.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rhumb::payload {

inline constexpr size_t kDamaged = static_cast<size_t>(-1);

// `at` is an opening quote; returns the position behind the closing one, or kDamaged.
size_t skip_string(std::string_view text, size_t at);
// `at` is the first byte of a value; returns the position behind it, or kDamaged. Brackets are
// counted, not matched by kind.
size_t skip_value(std::string_view text, size_t at);

// Appends the characters that a string's inside (between its quotes) stands for. A lone surrogate
// becomes the three bytes that would encode it; false if an escape is none.
bool append_unescaped(std::string& out, std::string_view inside);

}  // namespace rhumb::payload
