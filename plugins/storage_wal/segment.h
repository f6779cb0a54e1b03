// One file of the log and the system calls on it. Failures are thrown as rhumb::Error with file,
// offset and errno. A segment has its full size from the start (no hole that a later write could
// fail in) until it is sealed and cut to its end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "format.h"

namespace rhumb::wal {

// Threads: write, sync and cut by one thread at a time; read by any.
class Segment {
 public:
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  // Makes the file whole before it gets its name: allocated, header written, synced, renamed,
  // directory synced.
  static std::shared_ptr<Segment> create(const std::string& dir, uint64_t number,
                                         uint64_t capacity);
  // RHUMB_CORRUPT when the header does not fit the name.
  static std::shared_ptr<Segment> open(const std::string& dir, uint64_t number);

  // A new stamp: whatever the file holds behind its header is no data any more. Synced.
  void restamp();
  void write(uint64_t offset, std::string_view bytes);
  void read(uint64_t offset, char* out, uint64_t n) const;
  void sync();
  void cut(uint64_t size);
  void remove();  // the name; open descriptors go on reading
  uint64_t file_bytes() const;

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
// what create() left behind when it was cut short
void remove_unfinished(const std::string& dir);
void sync_directory(const std::string& dir);
[[noreturn]] void throw_errno(const std::string& what,
                              int os_errno);  // ENOSPC and EDQUOT: RHUMB_NO_SPACE, else RHUMB_IO

// Holds <dir>/LOCK: one process, one instance.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::string& dir);  // RHUMB_DENIED when another holds it
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace rhumb::wal
