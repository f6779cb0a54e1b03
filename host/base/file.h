// Files as durability needs them: pwrite and fdatasync with checked results, read-only mappings,
// atomic replacement. A failed fsync is never retried: the caller fences the component that owns
// the file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"

namespace rhumb::base {

class File {
 public:
  File() = default;
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();
  // Opens the file for reading and writing, and creates it (mode 0640) when it does not exist.
  static Result<File> open_rw(const std::string& path);
  static Result<File> open_ro(const std::string& path);
  // Creates the file (mode 0640) for reading and writing. kExists when there is anything of that
  // name.
  static Result<File> create_new(const std::string& path);

  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  const std::string& path() const { return path_; }
  Result<uint64_t> size() const;
  // Writes all bytes or returns an error. ENOSPC and EDQUOT become kNoSpace.
  Status write_at(uint64_t offset, std::string_view bytes);
  // A short read becomes kCorrupt and names the file and the offset.
  Status read_at(uint64_t offset, char* out, size_t n) const;
  Result<std::string> read_all() const;
  Status sync_data();  // fdatasync
  // Calls fallocate, so that a later store into a mapping cannot fail in a hole.
  Status allocate(uint64_t offset, uint64_t length);
  Status truncate(uint64_t size);
  // The space of the file's file system that is free to this user.
  Result<uint64_t> free_bytes() const;
  void close();

 private:
  int fd_ = -1;
  std::string path_;
};

// A read-only mapping of [0, length) of a file. When a damaged disk cannot deliver a page, the read
// raises SIGBUS. The guard installed by install_sigbus_guard() then supplies zero bytes and sets
// poisoned(). The caller checks poisoned() after it has used the bytes; if it is set, the caller
// discards the result and fences the owner of the file.
class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();
  // `offset` is a multiple of the page size.
  static Result<Mapping> map(const File& file, uint64_t offset, uint64_t length);
  const char* data() const { return data_; }
  uint64_t size() const { return size_; }
  bool poisoned() const;

 private:
  char* data_ = nullptr;
  uint64_t size_ = 0;
  int guard_slot_ = -1;
};
void install_sigbus_guard();

// Makes missing parents, too, and syncs the parent of each directory that it makes.
Status make_dirs(const std::string& path);
Status sync_dir(const std::string& path);
// Writes a temporary file, calls fdatasync, renames it and syncs the directory.
Status write_file_atomic(const std::string& path, std::string_view bytes);
Result<std::string> read_file(const std::string& path, uint64_t max_bytes);
Status remove_all(const std::string& path);
Status rename_durable(const std::string& from, const std::string& to);
// Returns sorted names without . and ..
Result<std::vector<std::string>> list_dir(const std::string& path);
bool exists(const std::string& path);
// Returns kNoSpace for ENOSPC and EDQUOT, and kIo for any other error.
Status io_error(std::string_view what, const std::string& path, int os_errno);

// CRC-32C (Castagnoli), computed with SSE4.2 where the machine has it.
uint32_t crc32c(std::string_view bytes, uint32_t seed = 0);

}  // namespace rhumb::base
