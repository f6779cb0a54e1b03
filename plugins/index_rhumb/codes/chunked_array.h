// Rows of a fixed stride, indexed by slot, which grow without moving. Address space is reserved a
// chunk at a time, memory becomes accessible as rows come, and the first rows may be the pages of a
// file.
#pragma once

#include <atomic>
#include <cstdint>

#include "codes/kernels.h"

namespace rhumb::coded {

// The limit is 2^31 because a search key uses its lowest bit as a mark.
inline constexpr uint64_t kSlotsMax = uint64_t{1} << 31;

// Any thread may read and write rows below capacity(), as far as the owner of the rows allows. One
// thread at a time may call reserve() and map(), also while others read. New rows are zero. Nothing
// survives the object.
class ChunkedArray {
 public:
  // `stride` is in bytes, at least 1. Rows are aligned to the largest power of two that divides it,
  // but at most to a page.
  explicit ChunkedArray(uint32_t stride);
  ~ChunkedArray();
  ChunkedArray(const ChunkedArray&) = delete;
  ChunkedArray& operator=(const ChunkedArray&) = delete;

  // Makes room for slots below `slots`. RHUMB_NO_MEMORY and RHUMB_OVER_LIMIT leave the array as it
  // was.
  void reserve(uint64_t slots);
  // Maps the first `slots` rows from a file, copy on write. The array must have no room yet, and
  // `offset` must be a multiple of a page. The bytes after the rows, up to the end of their last
  // page, must be zero.
  void map(int fd, uint64_t offset, uint64_t slots);
  // Writes into the rows below capacity(), which are addressed as one run of bytes.
  void write(uint64_t offset, const char* bytes, uint64_t n) noexcept;
  // Zeroes all rows below capacity() and gives their memory back. No other thread may read
  // meanwhile.
  void clear();

  uint64_t capacity() const noexcept { return capacity_.load(std::memory_order_relaxed); }
  uint64_t mapped_bytes() const noexcept { return mapped_bytes_; }
  uint32_t stride() const noexcept { return stride_; }
  char* at(uint32_t slot) const noexcept {
    return chunks_[slot >> kChunkShift] + uint64_t{slot & kChunkMask} * stride_;
  }
  const char* const* chunks() const noexcept { return chunks_; }

 private:
  char* chunk(uint64_t index);
  void open_chunk(uint64_t index, uint64_t bytes);

  const uint32_t stride_;
  const uint64_t chunk_bytes_;
  std::atomic<uint64_t> capacity_{0};  // written by reserve() and map() only
  uint64_t mapped_bytes_ = 0;
  char** chunks_;  // an array of kSlotsMax >> kChunkShift pointers
};

}  // namespace rhumb::coded
