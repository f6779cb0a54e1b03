// The layout of a graph's file. The header fills the first page. The sections follow, each starting
// on a page and padded with zeros. Then comes one CRC-32C for every kBlockBytes of the bytes
// between header and table.
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
  uint32_t table_crc, header_crc;  // header_crc: checksum of all bytes before it
};
static_assert(sizeof(FileHeader) == 352 && sizeof(FileHeader) <= kPageBytes);

// The form of codes that rows are compared by, and the measurements of it.
struct CodesHeader {
  uint32_t codes, sub;  // see Codes and CodecParams in codec.h
  uint8_t levels[kLevels4];
  SectionEntry book;  // for product quantization, else zeros
  uint32_t learned, asked;
  uint32_t why;  // see Why in fit.h
  float share;   // the last Fit::share() (fit.h)
  float recall;  // recall of `queries` queries at the breadth `ef`
  uint32_t queries, ef;
  float spread;  // see Calibration::spread in calibration.h
  uint64_t clipped;
  uint32_t places;  // see Fit::places() in fit.h
  uint32_t crc;     // checksum of all bytes before it
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
