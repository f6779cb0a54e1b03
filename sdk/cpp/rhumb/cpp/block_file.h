// Rhumb plugin SDK, C++ face: a file of derived data in which a checksum covers every byte.
// docs/formats/block_file.md has the format byte by byte.
//
//   header (64)   magic[8], u32 container format = 1, u32 content format, u64 body bytes,
//                 u32 block bytes = 65536, u32 crc of the table, zeros up to byte 60,
//                 u32 crc of the first 60 bytes
//   body          the content
//   table         u32 crc of each block of the body; the last block may be short
//
// Numbers are little-endian. The crc is CRC-32C. The header is written last, so a file that was cut
// off has no valid header.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "rhumb/cpp/crc32c.h"
#include "rhumb/cpp/guard.h"

namespace rhumb {

static_assert(std::endian::native == std::endian::little,
              "block files are written as the machine holds them");

struct BlockFileHeader {
  char magic[8];
  uint32_t container_format, content_format;
  uint64_t body_bytes;
  uint32_t block_bytes, table_crc;
  uint8_t zeros[28];
  uint32_t header_crc;
};
static_assert(sizeof(BlockFileHeader) == 64);
inline constexpr uint32_t kBlockFileFormat = 1, kBlockBytes = 64 * 1024;

namespace block_file_detail {

[[noreturn]] inline void throw_errno(const char* what, const std::string& path, int error) {
  const rhumb_status_t status = error == ENOSPC || error == EDQUOT ? RHUMB_NO_SPACE : RHUMB_IO;
  throw Error(status, std::string(what) + " " + path, error);
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags, mode_t mode = 0)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {
    if (fd_ >= 0) return;
    // A saved file that is missing counts as damage, so that the host builds the index again.
    if (errno == ENOENT && (flags & O_CREAT) == 0)
      throw Error(RHUMB_CORRUPT, path + ": no such file", ENOENT);
    throw_errno("open", path, errno);
  }
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

inline uint32_t header_crc(const BlockFileHeader& header) {
  return crc32c({reinterpret_cast<const char*>(&header), offsetof(BlockFileHeader, header_crc)});
}

}  // namespace block_file_detail

// Writes a file from front to end. It owns the descriptor. One thread uses it. A file without
// finish() is not valid, and a reader refuses it.
class BlockFileWriter {
 public:
  BlockFileWriter(std::string path, std::string_view magic, uint32_t content_format)
      : path_(std::move(path)), file_(path_, O_CREAT | O_EXCL | O_WRONLY, 0640), header_{} {
    std::memcpy(header_.magic, magic.data(), std::min(magic.size(), sizeof header_.magic));
    header_.container_format = kBlockFileFormat;
    header_.content_format = content_format;
    header_.block_bytes = kBlockBytes;
    block_.reserve(kBlockBytes);
  }
  void bytes(const void* data, size_t n) {
    for (const char* p = static_cast<const char*>(data); n > 0;) {
      const size_t part = std::min(n, kBlockBytes - block_.size());
      block_.append(p, part);
      p += part;
      n -= part;
      if (block_.size() == kBlockBytes) end_block();
    }
  }
  template <typename T>
  void value(T v) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes(&v, sizeof v);
  }
  // Makes the file durable. The caller must also call sync_directory().
  void finish() {
    if (!block_.empty()) end_block();
    const std::string_view table(reinterpret_cast<const char*>(table_.data()),
                                 table_.size() * sizeof(uint32_t));
    write_at(sizeof header_ + header_.body_bytes, table);
    header_.table_crc = crc32c(table);
    header_.header_crc = block_file_detail::header_crc(header_);
    write_at(0, {reinterpret_cast<const char*>(&header_), sizeof header_});
    if (::fsync(file_.get()) != 0) block_file_detail::throw_errno("fsync", path_, errno);
  }

 private:
  void end_block() {
    table_.push_back(crc32c(block_));
    write_at(sizeof header_ + header_.body_bytes, block_);
    header_.body_bytes += block_.size();
    block_.clear();
  }
  void write_at(uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n =
          ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) block_file_detail::throw_errno("write", path_, errno);
      offset += static_cast<uint64_t>(n);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }

  const std::string path_;
  const block_file_detail::Descriptor file_;
  BlockFileHeader header_;
  std::string block_;
  std::vector<uint32_t> table_;
};

// Reads such a file from front to end. It owns the descriptor. One thread uses it. It verifies the
// checksum of a block before it returns bytes of that block. Damage throws RHUMB_CORRUPT with the
// file and the offset; an unknown format throws RHUMB_UNSUPPORTED.
class BlockFileReader {
 public:
  BlockFileReader(std::string path, std::string_view magic, uint32_t content_format)
      : path_(std::move(path)), file_(path_, O_RDONLY), header_{} {
    struct stat st {};
    if (::fstat(file_.get(), &st) != 0) block_file_detail::throw_errno("stat", path_, errno);
    const auto size = static_cast<uint64_t>(st.st_size);
    if (size < sizeof header_) corrupt(0, "shorter than its header");
    read_at(0, reinterpret_cast<char*>(&header_), sizeof header_);
    if (std::memcmp(header_.magic, magic.data(), std::min(magic.size(), sizeof header_.magic)) != 0)
      corrupt(0, "magic differs");
    if (header_.header_crc != block_file_detail::header_crc(header_))
      corrupt(0, "checksum of the header differs");
    if (header_.container_format != kBlockFileFormat || header_.content_format != content_format ||
        header_.block_bytes != kBlockBytes) {
      throw Error(RHUMB_UNSUPPORTED, path_ + ": format " +
                                         std::to_string(header_.container_format) + "." +
                                         std::to_string(header_.content_format) + ", expected 1." +
                                         std::to_string(content_format));
    }
    const uint64_t blocks = (header_.body_bytes + kBlockBytes - 1) / kBlockBytes;
    if (header_.body_bytes > size ||
        size - sizeof header_ - blocks * sizeof(uint32_t) != header_.body_bytes)
      corrupt(0, "size differs");
    table_.resize(blocks);
    read_at(sizeof header_ + header_.body_bytes, reinterpret_cast<char*>(table_.data()),
            blocks * sizeof(uint32_t));
    if (crc32c({reinterpret_cast<const char*>(table_.data()), blocks * sizeof(uint32_t)}) !=
        header_.table_crc) {
      corrupt(sizeof header_ + header_.body_bytes, "checksum of the table differs");
    }
  }
  uint64_t remaining() const noexcept { return header_.body_bytes - taken_; }
  void bytes(void* out, size_t n) {
    if (n > remaining()) corrupt(sizeof header_ + taken_, "content ends too early");
    for (char* p = static_cast<char*>(out); n > 0;) {
      if (at_ == block_.size()) next_block();
      const size_t part = std::min(n, block_.size() - at_);
      std::memcpy(p, block_.data() + at_, part);
      at_ += part;
      taken_ += part;
      p += part;
      n -= part;
    }
  }
  template <typename T>
  T value() {
    static_assert(std::is_trivially_copyable_v<T>);
    T v;
    bytes(&v, sizeof v);
    return v;
  }
  // For a caller that finds wrong content although the checksums are right.
  [[noreturn]] void corrupt(const std::string& why) const { corrupt(sizeof header_ + taken_, why); }
  void expect_end() const {
    if (remaining() != 0) corrupt("content goes on too long");
  }

 private:
  [[noreturn]] void corrupt(uint64_t offset, const std::string& why) const {
    throw Error(RHUMB_CORRUPT, path_ + " at " + std::to_string(offset) + ": " + why);
  }
  void next_block() {
    const uint64_t index = taken_ / kBlockBytes;
    block_.resize(std::min<uint64_t>(kBlockBytes, header_.body_bytes - index * kBlockBytes));
    at_ = 0;
    read_at(sizeof header_ + taken_, block_.data(), block_.size());
    if (crc32c(block_) != table_[index])
      corrupt(sizeof header_ + taken_, "checksum of the block differs");
  }
  void read_at(uint64_t offset, char* out, size_t n) const {
    while (n > 0) {
      const ssize_t got = ::pread(file_.get(), out, n, static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) block_file_detail::throw_errno("read", path_, errno);
      if (got == 0) corrupt(offset, "file ends too early");
      offset += static_cast<uint64_t>(got);
      out += got;
      n -= static_cast<size_t>(got);
    }
  }

  const std::string path_;
  const block_file_detail::Descriptor file_;
  BlockFileHeader header_;
  std::vector<uint32_t> table_;
  std::string block_;
  size_t at_ = 0;       // the next byte of block_
  uint64_t taken_ = 0;  // the bytes of the body that were read
};

inline void sync_directory(const std::string& path) {
  const block_file_detail::Descriptor directory(path, O_RDONLY | O_DIRECTORY);
  if (::fsync(directory.get()) != 0) block_file_detail::throw_errno("fsync", path, errno);
}

}  // namespace rhumb
