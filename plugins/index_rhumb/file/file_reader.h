// A graph's file as bytes: its header, its sections, and their checksums. file_load.cc interprets
// the bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "file/file_format.h"
#include "rhumb/cpp/block_file.h"
#include "rhumb/cpp/host.h"

namespace rhumb::coded {

// The constructor either succeeds with a valid header or throws. The file is read and not mapped,
// because a failing disk then gives an error and not a signal that kills the process. Damage throws
// RHUMB_CORRUPT, a failed read RHUMB_IO, and another format RHUMB_UNSUPPORTED.
class FileReader {
 public:
  explicit FileReader(const std::string& path);
  const FileHeader& header() const { return header_; }
  const CodesHeader& codes() const { return codes_; }
  int fd() const { return file_.get(); }

  // Returns the beginning of a section that has exactly `rows` rows.
  uint64_t section(Section id, uint64_t rows, uint64_t stride) const {
    return section(header_.sections[id], id, rows, stride);
  }
  std::vector<uint8_t> book(uint32_t width) const;
  void read_at(uint64_t offset, void* out, uint64_t n) const;

  // Reads every byte of the sections on the host's threads. Calls take(offset, bytes, n) for each
  // block whose checksum is right.
  template <typename Take>
  void each_block(const Host& host, Take take) const {
    const std::vector<uint32_t> crcs = checksums();
    host.parallel((crcs.size() + kBlocksAtOnce - 1) / kBlocksAtOnce, [&](uint64_t part) {
      std::vector<char> block(kBlockBytes);
      for (uint64_t i = part * kBlocksAtOnce;
           i < std::min<uint64_t>((part + 1) * kBlocksAtOnce, crcs.size()); ++i) {
        const uint64_t offset = kPageBytes + i * kBlockBytes,
                       n = std::min<uint64_t>(kBlockBytes, header_.table_offset - offset);
        read_at(offset, block.data(), n);
        if (crc32c({block.data(), n}) != crcs[i])
          corrupt("checksum of block " + std::to_string(i) + " differs");
        take(offset, block.data(), n);
      }
    });
  }
  [[noreturn]] void corrupt(const std::string& why) const {
    throw Error(RHUMB_CORRUPT, path_ + ": " + why);
  }

 private:
  static constexpr uint64_t kBlocksAtOnce = 16;
  uint64_t section(const SectionEntry& entry, uint32_t id, uint64_t rows, uint64_t stride) const;
  std::vector<uint32_t> checksums() const;
  void read_codes();
  void check_header_page(uint64_t used) const;

  const std::string path_;
  const block_file_detail::Descriptor file_;
  FileHeader header_{};
  CodesHeader codes_{};
};

}  // namespace rhumb::coded
