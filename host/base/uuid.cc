#include "host/base/uuid.h"

#include <bit>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <charconv>

namespace rhumb::base {
namespace {

constexpr std::string_view kPrefix = "urn:uuid:";
constexpr size_t kDashedSize = 36, kHalfDigits = 16;
using Digits = std::array<char, 2 * kHalfDigits>;

bool is_dash_place(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

// Copies the text without its dashes. Returns false if it has another length or other dashes.
bool take_dashes_out(std::string_view text, Digits& out) {
  if (text.size() == out.size()) return text.copy(out.data(), out.size()) == out.size();
  if (text.size() != kDashedSize) return false;
  char* to = out.data();
  for (size_t i = 0; i < text.size(); ++i) {
    if (!is_dash_place(i)) {
      *to++ = text[i];
    } else if (text[i] != '-') {
      return false;
    }
  }
  return true;
}

}  // namespace

// Boost's reader takes nine times as long as std::from_chars, and it throws, while ids that are no
// UUIDs are common.
std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
  Digits digits;
  if (!take_dashes_out(text, digits)) return std::nullopt;
  std::array<uint64_t, 2> halves{};
  for (size_t i = 0; i < halves.size(); ++i) {
    const char* begin = digits.data() + i * kHalfDigits;
    const auto [end, error] = std::from_chars(begin, begin + kHalfDigits, halves[i], 16);
    if (error != std::errc() || end != begin + kHalfDigits) return std::nullopt;
    halves[i] = __builtin_bswap64(halves[i]);  // a UUID is big-endian
  }
  return std::bit_cast<Uuid>(halves);
}

std::string uuid_text(const Uuid& uuid) {
  return boost::uuids::to_string(std::bit_cast<boost::uuids::uuid>(uuid));
}

Uuid random_uuid() { return std::bit_cast<Uuid>(boost::uuids::random_generator_pure()()); }

}  // namespace rhumb::base
