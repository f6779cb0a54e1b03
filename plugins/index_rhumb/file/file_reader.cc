#include "file/file_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <span>

#include "codes/product.h"
#include "engine/fit.h"
#include "engine/options.h"

namespace rhumb::coded {

using block_file_detail::throw_errno;

FileReader::FileReader(const std::string& path) : path_(path), file_(path, O_RDONLY) {
  struct stat st {};
  if (::fstat(file_.get(), &st) != 0) throw_errno("stat", path_, errno);
  const auto size = static_cast<uint64_t>(st.st_size);
  if (size < kPageBytes) corrupt("shorter than its header");
  read_at(0, &header_, sizeof header_);
  if (std::memcmp(header_.magic, kMagic, sizeof kMagic) != 0) corrupt("magic differs");
  if (header_.header_crc != header_crc_of(header_)) corrupt("checksum of the header differs");
  if (header_.format != kFileFormat || header_.header_bytes != sizeof header_ + sizeof codes_) {
    throw Error(RHUMB_UNSUPPORTED, path_ + ": format " + std::to_string(header_.format) +
                                       ", expected " + std::to_string(kFileFormat));
  }
  if (header_.file_bytes != size || header_.table_offset < kPageBytes ||
      header_.table_offset > size)
    corrupt("size differs");
  read_codes();
  check_header_page(sizeof header_ + sizeof codes_);
}

uint64_t FileReader::section(const SectionEntry& entry, uint32_t id, uint64_t rows,
                             uint64_t stride) const {
  const bool fits = entry.rows == rows && entry.stride == stride &&
                    entry.offset % kPageBytes == 0 && entry.offset >= kPageBytes &&
                    entry.offset <= header_.table_offset &&
                    padded_to_page(rows * stride) <= header_.table_offset - entry.offset;
  if (!fits) corrupt("section " + std::to_string(id) + " does not fit");
  return entry.offset;
}

std::vector<uint8_t> FileReader::book(uint32_t width) const {
  std::vector<uint8_t> book(Product::book_bytes(width));
  read_at(section(codes_.book, kSections, 1, book.size()), book.data(), book.size());
  if (std::any_of(book.begin(), book.end(), [](uint8_t c) { return c > kCodeMax; }))
    corrupt("a centroid out of range");
  return book;
}

void FileReader::read_at(uint64_t offset, void* out, uint64_t n) const {
  for (char* p = static_cast<char*>(out); n > 0;) {
    const ssize_t got = ::pread(file_.get(), p, n, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("read", path_, errno);
    if (got == 0) corrupt("ends too early");
    p += got;
    offset += static_cast<uint64_t>(got);
    n -= static_cast<uint64_t>(got);
  }
}

std::vector<uint32_t> FileReader::checksums() const {
  const uint64_t bytes = header_.table_offset - kPageBytes,
                 blocks = (bytes + kBlockBytes - 1) / kBlockBytes;
  if (header_.file_bytes - header_.table_offset != blocks * sizeof(uint32_t))
    corrupt("size of the checksum table differs");
  std::vector<uint32_t> crcs(blocks);
  read_at(header_.table_offset, crcs.data(), blocks * sizeof(uint32_t));
  if (crc32c({reinterpret_cast<const char*>(crcs.data()), blocks * sizeof(uint32_t)}) !=
      header_.table_crc) {
    corrupt("checksum of the checksums differs");
  }
  return crcs;
}

void FileReader::read_codes() {
  read_at(sizeof header_, &codes_, sizeof codes_);
  if (codes_.crc != codes_crc_of(codes_)) corrupt("checksum of the codes header differs");
  const bool product = codes_.codes == static_cast<uint32_t>(Codes::kProduct);
  if (codes_.codes > static_cast<uint32_t>(Codes::kFloats))
    throw Error(RHUMB_UNSUPPORTED, path_ + ": codes of kind " + std::to_string(codes_.codes));
  // Runs of components are powers of two, so that they fill a line.
  const bool sub_fits = product
                            ? codes_.sub != 0 && codes_.sub <= kCompressionMax / sizeof(float) &&
                                  (codes_.sub & (codes_.sub - 1)) == 0
                            : codes_.sub == 0;
  if (!sub_fits) corrupt("a run out of range");
  const std::span levels(codes_.levels);
  if (!std::is_sorted(levels.begin(), levels.end()) || levels.back() > kCodeMax)
    corrupt("levels out of range");
  const auto is_share = [](float x) { return x >= 0 && x <= 1; };
  const bool sound = codes_.why < kWhyEnd && codes_.asked <= 1 && is_share(codes_.share) &&
                     is_share(codes_.recall) && codes_.spread >= 1 && codes_.spread <= kSpreadMax &&
                     codes_.places <= kFitPlaces;
  if (!sound) corrupt("a measured value is out of range");
}

void FileReader::check_header_page(uint64_t used) const {
  char rest[kPageBytes];
  read_at(used, rest, kPageBytes - used);
  if (std::any_of(rest, rest + kPageBytes - used, [](char c) { return c != 0; }))
    corrupt("bytes after the header");
}

}  // namespace rhumb::coded
