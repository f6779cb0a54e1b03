// One file of the log and the system calls on it. Failures are thrown as rhumb::Error with file,
// offset and errno. A segment has its full size from the start, without holes in which a later
// write could fail, until it is sealed and cut to its end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "format.h"

namespace rhumb::wal {

// One thread at a time may call write, sync and cut; any thread may call read.
class Segment {
 public:
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  // Completes the file before it gets its name: allocate, write the header, sync, rename, sync the
  // directory.
  static std::shared_ptr<Segment> create(const std::string& dir, uint64_t number,
                                         uint64_t capacity);
  // Throws RHUMB_CORRUPT if the header does not fit the name.
  static std::shared_ptr<Segment> open(const std::string& dir, uint64_t number);

  // Writes and syncs a new stamp, after which the bytes after the header are no data any more.
  void restamp();
  void write(uint64_t offset, std::string_view bytes);
  void read(uint64_t offset, char* out, uint64_t n) const;
  void sync();
  void cut(uint64_t size);
  void remove();  // removes the name; open descriptors can still be read
  uint64_t file_bytes() const;
  // The ranges of the file that were ever written, ascending. All other bytes are zeros. A file
  // system that does not know them reports the whole file.
  struct Range {
    uint64_t begin = 0, end = 0;
  };
  std::vector<Range> written_ranges() const;

  uint64_t number() const { return header_.number; }
  uint64_t capacity() const { return header_.capacity; }
  uint64_t stamp() const { return header_.stamp; }
  const std::string& path() const { return path_; }

 private:
  Segment() = default;
  int fd_ = -1;
  std::string dir_, path_;
  SegmentHeader header_;
};

std::vector<uint64_t> list_segments(const std::string& dir);  // numbers, ascending
// Removes files that an interrupted create() left.
void remove_unfinished(const std::string& dir);
void sync_directory(const std::string& dir);
[[noreturn]] void throw_errno(const std::string& what,
                              int os_errno);  // ENOSPC and EDQUOT: RHUMB_NO_SPACE, else RHUMB_IO

// Holds <dir>/LOCK, so that one instance in one process uses the directory.
class DirectoryLock {
 public:
  // Throws RHUMB_DENIED if another instance holds it.
  explicit DirectoryLock(const std::string& dir);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace rhumb::wal
