#include "host/segment/columns/checksums.h"

#include <algorithm>

#include "host/base/bytes.h"
#include "host/base/file.h"
#include "host/segment/format.h"

namespace rhumb::segment {

using base::Result;
using base::Status;

namespace {

constexpr uint32_t kChecksumsFormat = 1;  // of these files, apart from the manifest's
constexpr uint32_t kMagic = 0x43524852;   // "RHRC"
constexpr uint64_t kHeaderBytes = 16, kFooterBytes = 4;

uint64_t block_count(uint64_t bytes) {
  return (bytes + kChecksumBlockBytes - 1) / kChecksumBlockBytes;
}

std::string_view block_of(const Column& column, uint64_t bytes, uint64_t block) {
  const uint64_t offset = block * kChecksumBlockBytes;
  return column.view(offset, std::min(kChecksumBlockBytes, bytes - offset));
}

}  // namespace

Status Checksums::write(const Column& column, const std::string& path) {
  std::string text;
  base::ByteWriter out(text);
  out.u32(kMagic);
  out.u32(kChecksumsFormat);
  out.u64(column.length());
  for (uint64_t block = 0; block < block_count(column.length()); ++block)
    out.u32(base::crc32c(block_of(column, column.length(), block)));
  out.u32(base::crc32c(text));
  if (column.poisoned()) return base::corrupt(column.path() + ": a page could not be read");
  return base::write_file_atomic(path, text);
}

Result<std::unique_ptr<Checksums>> Checksums::load(const std::string& path, uint64_t column_bytes) {
  const uint64_t blocks = block_count(column_bytes),
                 expected = kHeaderBytes + blocks * sizeof(uint32_t) + kFooterBytes;
  RHUMB_ASSIGN(const std::string text, base::read_file(path, expected));
  base::ByteReader in(text);
  auto sums = std::make_unique<Checksums>();
  const uint32_t magic = in.u32(), format = in.u32();
  if (magic == kMagic && format > kChecksumsFormat)
    return base::unsupported(path + ": format " + std::to_string(format) + ", this release reads " +
                             std::to_string(kChecksumsFormat));
  const bool known = magic == kMagic && format == kChecksumsFormat && in.u64() == column_bytes &&
                     text.size() == expected;
  if (!known)
    return base::corrupt(path + " at offset 0: not the checksums of a column of " +
                         std::to_string(column_bytes) + " bytes");
  sums->bytes_ = column_bytes;
  for (uint64_t i = 0; i < blocks; ++i) sums->crcs_.push_back(in.u32());
  if (in.u32() != base::crc32c(std::string_view(text).substr(0, text.size() - kFooterBytes)))
    return base::corrupt(path + " at offset 0: damaged");
  sums->good_ = std::vector<std::atomic<uint64_t>>(blocks / 64 + 1);
  return sums;
}

Status Checksums::check_block(const Column& column, uint64_t block) {
  if (base::crc32c(block_of(column, bytes_, block)) == crcs_[block] && !column.poisoned()) {
    good_[block / 64].fetch_or(1ull << (block % 64), std::memory_order_relaxed);
    return base::ok();
  }
  return base::corrupt(column.path() + " at offset " + std::to_string(block * kChecksumBlockBytes) +
                       ": checksum does not match");
}

Status Checksums::check(const Column& column, uint64_t offset, uint64_t bytes) {
  if (bytes == 0) return base::ok();
  RHUMB_ASSERT(offset + bytes <= bytes_);
  for (uint64_t block = offset / kChecksumBlockBytes;
       block <= (offset + bytes - 1) / kChecksumBlockBytes; ++block) {
    if ((good_[block / 64].load(std::memory_order_relaxed) >> (block % 64) & 1) == 0)
      RHUMB_TRY(check_block(column, block));
  }
  return base::ok();
}

void Checksums::check_all(const Column& column, const std::function<void(const Status&)>& wrong) {
  for (uint64_t block = 0; block < crcs_.size(); ++block) {
    if (const Status checked = check_block(column, block); !checked.ok()) wrong(checked);
  }
}

}  // namespace rhumb::segment
