#include "host/base/hex.h"

#include <boost/algorithm/hex.hpp>
#include <charconv>
#include <iterator>

namespace rhumb::base {
namespace {

constexpr size_t kMaxDigits = 8;  // of a uint32_t

}  // namespace

std::string hex(std::span<const uint8_t> bytes) {
  std::string out;
  out.reserve(2 * bytes.size());
  boost::algorithm::hex_lower(bytes.begin(), bytes.end(), std::back_inserter(out));
  return out;
}

std::string hex(uint64_t number) {
  std::string out;
  boost::algorithm::hex_lower(&number, &number + 1, std::back_inserter(out));
  return out;
}

void append_hex(std::string& out, uint8_t byte) {
  boost::algorithm::hex_lower(&byte, &byte + 1, std::back_inserter(out));
}

std::optional<uint32_t> parse_hex(std::string_view digits) {
  if (digits.size() > kMaxDigits) return std::nullopt;
  uint32_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [read_to, error] = std::from_chars(digits.data(), end, number, 16);
  if (error != std::errc() || read_to != end) return std::nullopt;
  return number;
}

}  // namespace rhumb::base
