// Base64 to bytes (RFC 4648, sections 4 and 5: both alphabets).
#pragma once

#include <cstddef>
#include <string_view>

namespace rhumb::http::rest {

// Bytes that `text`, without its padding, stands for.
constexpr size_t base64_bytes(std::string_view text) {
  return text.size() / 4 * 3 + text.size() % 4 * 3 / 4;
}

// Writes them to `out`. False when it holds anything but digits of either alphabet: then `out` is
// of no use.
bool read_base64(std::string_view text, unsigned char* out);

}  // namespace rhumb::http::rest
