// Base64 (RFC 4648) in both alphabets: with "+/" (section 4) and with "-_" (section 5, "url").
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rhumb::base {

std::string to_base64(std::string_view bytes);     // with padding
std::string to_base64url(std::string_view bytes);  // without padding

// The number of bytes that `text`, without its padding, stands for.
constexpr size_t base64_bytes(std::string_view text) {
  return text.size() / 4 * 3 + text.size() % 4 * 3 / 4;
}

// Writes the bytes to `out`. Returns false when `text` holds anything but digits of either
// alphabet. In that case `out` is not usable.
bool read_base64(std::string_view text, unsigned char* out);

}  // namespace rhumb::base
