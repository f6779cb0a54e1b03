// Reads a file from the disk itself where the file system allows it (O_DIRECT), so that what is
// compared is not a copy in memory, and reading much leaves the page cache to others.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "host/base/status.h"

namespace rhumb::base {

class DirectFile {
 public:
  static constexpr uint64_t kAlignment = 4096;

  // kNotFound if there is no such file; kBusy or kMemoryFull if the process has no room for one
  // more now. A piece is at most `piece_bytes`, a multiple of kAlignment.
  static Result<DirectFile> open(const std::string& path, uint64_t piece_bytes);
  DirectFile() = default;
  DirectFile(DirectFile&& other) noexcept;
  DirectFile& operator=(DirectFile&& other) noexcept;
  ~DirectFile();

  bool is_open() const { return fd_ >= 0; }
  const std::string& path() const { return path_; }
  // What names the bytes on this machine, however many names the file has.
  struct Inode {
    uint64_t device = 0, number = 0, links = 0;
    auto operator<=>(const Inode&) const = default;
  };
  const Inode& inode() const { return inode_; }
  // Returns up to `bytes` from `offset`, which is a multiple of kAlignment; fewer at the end of the
  // file. The view is valid until the next call.
  Result<std::string_view> read(uint64_t offset, uint64_t bytes);

 private:
  struct Free {
    void operator()(char* memory) const;
  };
  int fd_ = -1;
  std::string path_;
  Inode inode_;
  uint64_t piece_bytes_ = 0;
  std::unique_ptr<char, Free> buffer_;
};

}  // namespace rhumb::base
