// What lies where in a graph's file. The header fills the first page; sections follow, each from a
// page on, padded with zeros; then one CRC-32C for every kBlockBytes of what lies between header
// and table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "codes/kernels.h"
#include "engine/calibration.h"
#include "rhumb/cpp/block_file.h"
#include "rhumb/cpp/crc32c.h"

namespace rhumb::coded {

inline constexpr char kMagic[8] = {'R', 'H', 'M', 'B', 'G', 'R', 'P', 'H'};
inline constexpr uint32_t kFileFormat = 6;  // CodesHeader follows the header
inline constexpr uint32_t kPageBytes = 4096;
enum Section : uint32_t { kCentre, kCodes, kBits, kRows, kLevels, kUpper, kSections };

struct SectionEntry {
  uint64_t offset, rows;
  uint32_t stride, reserved;
  bool operator==(const SectionEntry&) const = default;
};

struct FileHeader {
  char magic[8];
  uint32_t format, header_bytes;
  uint64_t file_bytes;
  uint32_t metric, scalar, dim, seed;
  uint32_t one_bit;
  float scale, reach, slack;
  uint32_t degree, upper_degree, own_links, built_through;
  uint32_t trained, entry_slot, entry_level, upper_rows;
  uint64_t nodes;
  CalibrationTable calibration;
  SectionEntry sections[kSections];
  uint64_t table_offset;
  uint32_t table_crc, header_crc;  // header_crc: of all bytes before it
};
static_assert(sizeof(FileHeader) == 352 && sizeof(FileHeader) <= kPageBytes);

// What rows are compared by, and what was measured of it.
struct CodesHeader {
  uint32_t codes, sub;  // codec.h: Codes, CodecParams
  uint8_t levels[kLevels4];
  SectionEntry book;  // of product quantization, else zeros
  uint32_t learned, asked;
  uint32_t why;  // fit.h: Why
  float share;   // fit.h: Fit::share(), when it was last looked at
  float recall;  // of `queries` queries at the breadth `ef`
  uint32_t queries, ef;
  float spread;  // calibration.h: Calibration::spread
  uint64_t clipped;
  uint32_t places;  // fit.h: Fit::places()
  uint32_t crc;     // of all bytes before it
};
static_assert(sizeof(CodesHeader) == 96);

inline uint64_t padded_to_page(uint64_t n) {
  return (n + kPageBytes - 1) / kPageBytes * kPageBytes;
}
inline uint32_t header_crc_of(const FileHeader& header) {
  return crc32c({reinterpret_cast<const char*>(&header), offsetof(FileHeader, header_crc)});
}
inline uint32_t codes_crc_of(const CodesHeader& codes) {
  return crc32c({reinterpret_cast<const char*>(&codes), offsetof(CodesHeader, crc)});
}
inline std::string graph_file_in(const std::string& dir) { return dir + "/graph"; }

}  // namespace rhumb::coded
