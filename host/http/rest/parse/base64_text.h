// Decodes base64 in both alphabets (RFC 4648, sections 4 and 5).
#pragma once

#include <cstddef>
#include <string_view>

namespace rhumb::http::rest {

// The number of bytes that `text`, without its padding, stands for.
constexpr size_t base64_bytes(std::string_view text) {
  return text.size() / 4 * 3 + text.size() % 4 * 3 / 4;
}

// Writes the bytes to `out`. Returns false when `text` holds anything but digits of either
// alphabet. In that case `out` is not usable.
bool read_base64(std::string_view text, unsigned char* out);

}  // namespace rhumb::http::rest
