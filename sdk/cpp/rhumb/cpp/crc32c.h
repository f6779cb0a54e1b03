// CRC-32C (Castagnoli, reflected, as in iSCSI and ext4) is the checksum of our file formats. The
// code uses SSE4.2 if the machine has it.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace rhumb {
namespace crc32c_detail {

// Slicing by eight: table[k][b] is the remainder of byte b and k zero bytes after it.
constexpr std::array<std::array<uint32_t, 256>, 8> make_tables() {
  std::array<std::array<uint32_t, 256>, 8> tables{};
  for (uint32_t b = 0; b < 256; ++b) {
    uint32_t r = b;
    for (int bit = 0; bit < 8; ++bit) r = (r >> 1) ^ ((r & 1) != 0 ? 0x82F63B78u : 0);
    tables[0][b] = r;
  }
  for (uint32_t b = 0; b < 256; ++b) {
    for (size_t k = 1; k < 8; ++k)
      tables[k][b] = (tables[k - 1][b] >> 8) ^ tables[0][tables[k - 1][b] & 0xFF];
  }
  return tables;
}
inline constexpr auto kTables = make_tables();

inline uint32_t extend_portable(uint32_t crc, const char* p, size_t n) {
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word = 0;
    std::memcpy(&word, p, 8);
    word ^= crc;
    crc = 0;
    for (size_t k = 0; k < 8; ++k) crc ^= kTables[7 - k][(word >> (8 * k)) & 0xFF];
  }
  for (; n > 0; --n, ++p) crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<uint8_t>(*p)) & 0xFF];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) inline uint32_t extend_sse42(uint32_t crc, const char* p,
                                                               size_t n) {
  uint64_t wide = crc;
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word = 0;
    std::memcpy(&word, p, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = static_cast<uint32_t>(wide);
  for (; n > 0; --n, ++p) crc = _mm_crc32_u8(crc, static_cast<uint8_t>(*p));
  return crc;
}
#endif

}  // namespace crc32c_detail

// Returns the checksum of the bytes. `seed` is the checksum of the bytes before them, so that
// crc32c(b, crc32c(a)) == crc32c(a + b).
inline uint32_t crc32c(std::string_view bytes, uint32_t seed = 0) {
#if defined(__x86_64__)
  static const bool has_sse42 = __builtin_cpu_supports("sse4.2") != 0;
  if (has_sse42) return ~crc32c_detail::extend_sse42(~seed, bytes.data(), bytes.size());
#endif
  return ~crc32c_detail::extend_portable(~seed, bytes.data(), bytes.size());
}

}  // namespace rhumb
