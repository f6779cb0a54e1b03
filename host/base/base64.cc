// Vectors arrive as base64, so reading has to be fast. No library of Debian 12 reads blocks at
// once.
#include "host/base/base64.h"

#include <algorithm>
#include <array>
#include <boost/beast/core/detail/base64.hpp>
#include <cstdint>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace rhumb::base {
namespace {

constexpr uint32_t kNoDigit = 1 << 24;

// For a character as the first, second, third or fourth of its group: its share of the 24 bits.
constexpr std::array<std::array<uint32_t, 256>, 4> kDigits = [] {
  std::array<std::array<uint32_t, 256>, 4> bits{};
  for (auto& table : bits) table.fill(kNoDigit);
  constexpr std::string_view kBoth =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
  for (uint32_t i = 0; i < kBoth.size(); ++i) {
    for (uint32_t place = 0; place < 4; ++place)
      bits[place][static_cast<uint8_t>(kBoth[i])] = (i < 64 ? i : i - 2) << (18 - 6 * place);
  }
  return bits;
}();

// Reads up to four characters and writes their bytes. The returned bits show a character that is no
// digit.
uint32_t read_group(std::string_view four, unsigned char* out) {
  uint32_t bits = 0;
  for (size_t i = 0; i < four.size(); ++i) bits |= kDigits[i][static_cast<uint8_t>(four[i])];
  for (size_t i = 0; i < base64_bytes(four); ++i)
    out[i] = static_cast<unsigned char>(bits >> (16 - 8 * i));
  return bits;
}

bool read_by_table(std::string_view text, unsigned char* out) {
  uint32_t seen = 0;
  for (; text.size() >= 4; text.remove_prefix(4), out += 3)
    seen |= read_group(text.substr(0, 4), out);
  seen |= read_group(text, out);
  return (seen & kNoDigit) == 0;
}

#ifdef __x86_64__

constexpr size_t kBlock = 32, kBlockBytes = 24;
// A block's 24 bytes are stored with 8 more, which later characters overwrite.
constexpr size_t kBlockRoom = 44;

// Follows Muła and Lemire, "Faster Base64 Encoding and Decoding Using AVX2 Instructions" (2018),
// for the first alphabet. Returns false for a block that holds any other character.
__attribute__((target("avx2"))) bool read_block(const char* from, unsigned char* out) {
  // A character is invalid when the entries of its two nibbles in high_of and low_of share a bit.
  const __m256i high_of =
      _mm256_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10,
                       0x10, 0x10, 0x10, 0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10,
                       0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
  const __m256i low_of =
      _mm256_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b,
                       0x1b, 0x1b, 0x1a, 0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                       0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
  // The number that turns a character into its digit.
  const __m256i shift_of =
      _mm256_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 19, 4, -65,
                       -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
  // '/' is 0x2f, so it also serves as a mask of the low nibble; the extra bit does no harm.
  const __m256i slash = _mm256_set1_epi8('/');
  const __m256i text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  const __m256i high = _mm256_and_si256(_mm256_srli_epi32(text, 4), slash),
                low = _mm256_and_si256(text, slash);
  if (!_mm256_testz_si256(_mm256_shuffle_epi8(low_of, low), _mm256_shuffle_epi8(high_of, high)))
    return false;
  const __m256i shift =
      _mm256_shuffle_epi8(shift_of, _mm256_add_epi8(_mm256_cmpeq_epi8(text, slash), high));
  const __m256i digits = _mm256_add_epi8(text, shift);
  const __m256i by2 = _mm256_maddubs_epi16(digits, _mm256_set1_epi32(0x01400140));
  const __m256i by4 = _mm256_madd_epi16(by2, _mm256_set1_epi32(0x00011000));
  // Drops the empty byte of each group of four.
  const __m256i lanes = _mm256_shuffle_epi8(
      by4, _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1, 2, 1, 0, 6, 5,
                            4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
  const __m256i joined =
      _mm256_permutevar8x32_epi32(lanes, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), joined);
  return true;
}

__attribute__((target("avx2"))) bool read_avx2(std::string_view text, unsigned char* out) {
  for (; text.size() >= kBlockRoom; text.remove_prefix(kBlock), out += kBlockBytes) {
    if (!read_block(text.data(), out) && !read_by_table(text.substr(0, kBlock), out)) return false;
  }
  return read_by_table(text, out);
}

#endif

}  // namespace

std::string to_base64(std::string_view bytes) {
  namespace beast = boost::beast::detail::base64;
  std::string out(beast::encoded_size(bytes.size()), '\0');
  out.resize(beast::encode(out.data(), bytes.data(), bytes.size()));
  return out;
}

std::string to_base64url(std::string_view bytes) {
  std::string out = to_base64(bytes);
  out.erase(out.find_last_not_of('=') + 1);
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

bool read_base64(std::string_view text, unsigned char* out) {
#ifdef __x86_64__
  static const bool wide = __builtin_cpu_supports("avx2");
  if (wide) return read_avx2(text, out);
#endif
  return read_by_table(text, out);
}

}  // namespace rhumb::base
