// A file that grows at its end. It is written by pwrite into allocated extents and read through one
// read-only mapping.
//
// Threads: append, write_at, flush and truncate_to belong to the apply thread. Any thread may
// view() what was published to it. One background thread at a time may call sync(), beside appends.
// The mapping covers the largest size that the file may reach, so addresses stay the same for the
// column's life. What sync() covered survives a crash.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "host/base/file.h"
#include "host/base/status.h"

namespace rhumb::segment {

struct ExtentLimits {
  uint64_t first_bytes = 0, max_bytes = 0;
};

class Column {
 public:
  // Opens or creates the file. It must have `length` bytes, which are those that count, and never
  // grows beyond `reserve_bytes`.
  static base::Result<Column> open(const std::string& path, uint64_t length, uint64_t reserve_bytes,
                                   ExtentLimits extents);
  Column() = default;
  Column(Column&& other) noexcept { *this = std::move(other); }
  Column& operator=(Column&& other) noexcept;

  uint64_t length() const { return length_; }  // apply thread
  // Returns the offset that the bytes will have. They may be buffered, so view() them only after
  // flush().
  base::Result<uint64_t> append(std::string_view bytes);
  // May leave a gap of zeros after the old end.
  base::Status write_at(uint64_t offset, std::string_view bytes);
  base::Status flush();
  // Later appends start at `length`, which must not be beyond the end.
  base::Status truncate_to(uint64_t length);
  // Frees the space that was allocated beyond the end. Nothing may be appended any more.
  base::Status trim();

  // Removes the pages from the process; the system keeps those that it has room for. They come back
  // one by one, without read-ahead of their neighbours.
  void leave_memory() const;

  base::Status sync();
  bool dirty() const { return dirty_.load(std::memory_order_acquire); }

  const char* data() const { return mapping_.data(); }
  // Returns an empty view if the range is not within the column, because a damaged record must not
  // lead anywhere else.
  std::string_view view(uint64_t offset, uint64_t bytes) const {
    if (bytes > mapping_.size() || offset > mapping_.size() - bytes) return {};
    return {mapping_.data() + offset, bytes};
  }
  uint64_t reserved() const { return mapping_.size(); }
  bool poisoned() const { return mapping_.poisoned(); }
  const std::string& path() const { return file_.path(); }

 private:
  base::Status allocate(uint64_t end);

  base::File file_;
  base::Mapping mapping_;
  ExtentLimits extents_;
  // flushed_ <= length_; the bytes between them are in buffer_.
  uint64_t length_ = 0, flushed_ = 0, allocated_ = 0;
  std::string buffer_;
  std::atomic<bool> dirty_{false};
};

}  // namespace rhumb::segment
