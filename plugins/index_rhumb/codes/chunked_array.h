// Rows of a fixed stride by slot, which grow without moving: address space is taken a chunk at a
// time, memory is made accessible as rows come, and the first rows may be a file's pages.
#pragma once

#include <atomic>
#include <cstdint>

#include "codes/kernels.h"

namespace rhumb::coded {

inline constexpr uint64_t kSlotsMax = uint64_t{1} << 31;  // the lowest bit of a search key is taken

// Reading and writing rows: any thread, of rows below capacity(), as the rows' owner allows.
// reserve() and map(): one thread at a time, also while others read. Fresh rows are zero. Nothing
// outlives it.
class ChunkedArray {
 public:
  // stride: bytes, at least 1. Rows are aligned to the largest power of two that divides it, up to
  // a page.
  explicit ChunkedArray(uint32_t stride);
  ~ChunkedArray();
  ChunkedArray(const ChunkedArray&) = delete;
  ChunkedArray& operator=(const ChunkedArray&) = delete;

  // Room for slots below `slots`. RHUMB_NO_MEMORY, RHUMB_OVER_LIMIT leave what was there.
  void reserve(uint64_t slots);
  // The first `slots` rows from a file, copied when written to. Only of an array without room;
  // offset: a multiple of a page. What follows the rows up to the end of their last page must be
  // zero.
  void map(int fd, uint64_t offset, uint64_t slots);
  // Into the rows below capacity(), taken as one run of bytes.
  void write(uint64_t offset, const char* bytes, uint64_t n) noexcept;
  // Rows below capacity() are zero again, their memory is given back. Nobody reads meanwhile.
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
  std::atomic<uint64_t> capacity_{0};  // written by reserve() and map() alone
  uint64_t mapped_bytes_ = 0;
  char** chunks_;  // kSlotsMax >> kChunkShift of them
};

}  // namespace rhumb::coded
