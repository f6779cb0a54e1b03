// The CRC32C of each 64 KiB block of a sealed column, in a file beside the column. A block is
// compared when it is first touched, and by verification.
//
// File: {u32 magic, u32 format, u64 bytes, u32 crc[(bytes + 65535) / 65536], u32 crc of all
// before}.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/segment/columns/column.h"

namespace rhumb::segment {

class Checksums {
 public:
  // Computes the checksums and writes the file durably. The column must not change any more.
  static base::Status write(const Column& column, const std::string& path);
  static base::Result<std::unique_ptr<Checksums>> load(const std::string& path,
                                                       uint64_t column_bytes);

  uint64_t bytes() const { return bytes_; }  // of the column
  // CRC-32C of each block of kChecksumBlockBytes, as the file has them.
  const std::vector<uint32_t>& crcs() const { return crcs_; }

  // Any thread. kCorrupt names the column's file and the offset. Blocks that were found good are
  // not read again.
  base::Status check(const Column& column, uint64_t offset, uint64_t bytes);
  // Checks all blocks again. `wrong` is called for each damaged block.
  void check_all(const Column& column, const std::function<void(const base::Status&)>& wrong);

 private:
  base::Status check_block(const Column& column, uint64_t block);

  uint64_t bytes_ = 0;
  std::vector<uint32_t> crcs_;
  std::vector<std::atomic<uint64_t>> good_;  // one bit per block
};

}  // namespace rhumb::segment
