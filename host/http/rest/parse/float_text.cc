#include "host/http/rest/parse/float_text.h"

#ifdef __x86_64__
#include <immintrin.h>

#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace rhumb::http::rest {
namespace {

// Powers of ten that a double holds exactly.
constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                              1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                              1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr std::array<uint64_t, 19> kWholePowers = [] {
  std::array<uint64_t, 19> powers{1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

// Returns true when all doubles within a few units in the last place of `near` round to the same
// float. Then the errors of one rounding to double and of one division do not matter.
bool settles(double near) {
  constexpr uint64_t kHalf = uint64_t{1} << 28, kSlack = 8;
  const uint64_t below_float = std::bit_cast<uint64_t>(near) & (2 * kHalf - 1);
  return below_float - (kHalf - kSlack) > 2 * kSlack;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// Reads any number of JSON's grammar.
bool read_any(const char* s, const char* e, float& out) {
  while (s < e && is_blank(*s)) ++s;
  while (s < e && is_blank(e[-1])) --e;
  const char* p = s;
  const bool negative = p < e && *p == '-';
  p += negative;
  uint64_t digits = 0;
  const auto take_digits = [&] {
    const char* const from = p;
    for (; p < e && is_digit(*p); ++p) digits = digits * 10 + static_cast<uint64_t>(*p - '0');
    return p - from;
  };
  const char* const whole = p;
  const ptrdiff_t wholes = take_digits();
  if (wholes == 0 || (*whole == '0' && wholes > 1)) return false;
  if (p == e) {
    if (wholes > 18) return false;
    const auto value = static_cast<int64_t>(digits);
    out = static_cast<float>(static_cast<double>(negative ? -value : value));  // -0 becomes 0.
    return true;
  }
  ptrdiff_t decimals = 0;
  if (*p == '.') {
    ++p;
    decimals = take_digits();
    if (decimals == 0) return false;
  }
  int power = 0;
  if (p < e && (*p == 'e' || *p == 'E')) {
    ++p;
    p += p + 1 < e && *p == '+' && is_digit(p[1]);  // from_chars accepts no plus sign.
    const auto [exponent_end, error] = std::from_chars(p, e, power);
    if (error != std::errc()) return false;
    p = exponent_end;
  }
  if (p != e) return false;
  const ptrdiff_t below = decimals - power;
  if (wholes + decimals <= 18 && below >= 0 && below <= 22) {
    const double value = static_cast<double>(static_cast<int64_t>(digits)) / kPowers[below];
    out = static_cast<float>(negative ? -value : value);
    if (settles(value)) return true;
  }
  double value = 0;
  if (std::from_chars(s, e, value).ec != std::errc()) return false;
  out = static_cast<float>(value);
  return true;
}

// Reads -d.ddd with up to 20 digits after the point, the usual form of components of embeddings.
// Returns false for other forms. The 32 bytes before `e` are readable.
__attribute__((target("avx2"), always_inline)) inline bool read_short(const char* s, const char* e,
                                                                      float* out) {
  alignas(64) static constexpr std::array<unsigned char, 64> kKeep = [] {
    std::array<unsigned char, 64> keep{};
    for (size_t i = 32; i < 64; ++i) keep[i] = 0xff;
    return keep;
  }();
  s += *s == ' ';
  const bool negative = *s == '-';
  s += negative;
  const size_t decimals = static_cast<size_t>(e - s) - 2;
  const auto first = static_cast<uint64_t>(static_cast<unsigned char>(*s)) - '0';
  if (decimals - 1 >= 20 || s[1] != '.' || first > 9) return false;
  const __m256i text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(e - 32));
  const __m256i keep =
      _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kKeep.data() + decimals));
  const __m256i digits = _mm256_and_si256(_mm256_sub_epi8(text, _mm256_set1_epi8('0')), keep);
  const __m256i over = _mm256_subs_epu8(digits, _mm256_set1_epi8(9));
  if (!_mm256_testz_si256(over, over)) return false;
  const __m256i by2 = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010a));
  const __m256i by4 = _mm256_madd_epi16(by2, _mm256_set1_epi32(0x00010064));
  const __m256i by8 =
      _mm256_madd_epi16(_mm256_packus_epi32(by4, by4), _mm256_set1_epi32(0x00012710));
  const auto low = static_cast<uint64_t>(_mm_cvtsi128_si64(_mm256_extracti128_si256(by8, 1)));
  const uint64_t top = static_cast<uint64_t>(_mm_cvtsi128_si64(_mm256_castsi256_si128(by8))) >> 32;
  if (top > 921 || (decimals > 18 && first != 0)) return false;
  const uint64_t all = first * kWholePowers[decimals < 18 ? decimals : 18] +
                       top * 10000000000000000 + (low & 0xffffffff) * 100000000 + (low >> 32);
  const double value = static_cast<double>(static_cast<int64_t>(all)) / kPowers[decimals];
  if (static_cast<int64_t>(all) < 0 || !settles(value)) return false;
  *out = std::bit_cast<float>(std::bit_cast<uint32_t>(static_cast<float>(value)) ^
                              static_cast<uint32_t>(negative) << 31);
  return true;
}

__attribute__((target("avx2"), always_inline)) inline uint64_t commas64(const char* at) {
  const __m256i comma = _mm256_set1_epi8(',');
  const auto of = [&](const char* p) __attribute__((target("avx2"), always_inline)) {
    return static_cast<uint32_t>(_mm256_movemask_epi8(
        _mm256_cmpeq_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)), comma)));
  };
  return of(at) | static_cast<uint64_t>(of(at + 32)) << 32;
}

__attribute__((target("avx2,bmi"))) bool read_avx2(std::string_view inside,
                                                   std::vector<float>& out) {
  const char* const begin = inside.data();
  const char* const end = begin + inside.size();
  const char* s = begin;
  const char* block = begin;
  float value = 0;
  // Finds all commas of 64 bytes at once, so that the numbers between them do not wait for each
  // other.
  for (; end - block >= 64; block += 64) {
    for (uint64_t mask = commas64(block); mask != 0; mask &= mask - 1) {
      const char* const e = block + std::countr_zero(mask);
      if ((e - begin < 32 || e - s < 3 || !read_short(s, e, &value)) && !read_any(s, e, value))
        return false;
      out.push_back(value);
      s = e + 1;
    }
  }
  for (; block <= end; ++block) {
    if (block < end && *block != ',') continue;
    if (!read_any(s, block, value)) return false;
    out.push_back(value);
    s = block + 1;
  }
  return true;
}

}  // namespace

bool read_floats(std::string_view inside, std::vector<float>& out) {
  static const bool served = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
  return served && read_avx2(inside, out);
}

}  // namespace rhumb::http::rest

#else

namespace rhumb::http::rest {
bool read_floats(std::string_view, std::vector<float>&) { return false; }
}  // namespace rhumb::http::rest

#endif
