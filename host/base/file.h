// Files as the durability rules want them: pwrite and fdatasync with checked results, read-only
// mappings, atomic replacement. A failed fsync is never retried: the caller fences what stands on
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
  // Opens read-write, creating it when absent (mode 0640).
  static Result<File> open_rw(const std::string& path);
  static Result<File> open_ro(const std::string& path);

  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  const std::string& path() const { return path_; }
  Result<uint64_t> size() const;
  // all or an error; ENOSPC/EDQUOT -> kNoSpace
  Status write_at(uint64_t offset, std::string_view bytes);
  // short read -> kCorrupt with file and offset
  Status read_at(uint64_t offset, char* out, size_t n) const;
  Result<std::string> read_all() const;
  Status sync_data();  // fdatasync
  // fallocate: no holes that a later store could fail in
  Status allocate(uint64_t offset, uint64_t length);
  Status truncate(uint64_t size);
  // of its file system, to this user
  Result<uint64_t> free_bytes() const;
  void close();

 private:
  int fd_ = -1;
  std::string path_;
};

// A read-only mapping of [0, length) of a file. Reading what a damaged disk cannot deliver raises
// SIGBUS, which the guard installed by install_sigbus_guard() turns into zero bytes and poisoned()
// == true: check it after using the bytes, discard the result, fence the owner.
class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();
  // offset: multiple of the page size
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

// with parents; fsyncs the parent of each directory made
Status make_dirs(const std::string& path);
Status sync_dir(const std::string& path);
// temp + fdatasync + rename + fsync of the directory
Status write_file_atomic(const std::string& path, std::string_view bytes);
Result<std::string> read_file(const std::string& path, uint64_t max_bytes);
Status remove_all(const std::string& path);
Status rename_durable(const std::string& from, const std::string& to);
// names, sorted, without . and ..
Result<std::vector<std::string>> list_dir(const std::string& path);
bool exists(const std::string& path);
// kNoSpace for ENOSPC and EDQUOT, else kIo
Status io_error(std::string_view what, const std::string& path, int os_errno);

// Castagnoli, SSE4.2 where the machine has it
uint32_t crc32c(std::string_view bytes, uint32_t seed = 0);

}  // namespace rhumb::base
