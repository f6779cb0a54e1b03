// 8-bit codes of the vectors in the tail, that is, of the rows that are not in the graph yet. A
// scan of the codes reads a quarter of the bytes and rescores the best rows by float. The codes are
// in memory only. They are made one chunk at a time, when the chunk's rows are complete, and freed
// when a graph covers the chunk.
//
// Threads: advance() belongs to the apply thread (or to recovery, before anything else);
// drop_below() to one background thread; a Reader to any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rhumb/kernels.h"

#include "host/base/mutex.h"

namespace rhumb::segment {

class CodeColumn {
 public:
  static constexpr uint32_t kChunkShift = 10, kChunkRows = 1u << kChunkShift;

  CodeColumn(const rhumb_vectors_t& vectors, std::span<const uint64_t> present, uint32_t max_rows);
  // False for integers, which are scanned as they are.
  static bool worthwhile(uint32_t scalar) { return scalar == RHUMB_F32 || scalar == RHUMB_F16; }

  // Rows [0, rows) can be read, so this encodes the chunks that became complete.
  void advance(uint32_t rows);
  // Slots below `slot` are found without their codes from now on. Waits for readers.
  void drop_below(uint32_t slot);
  // To be called before the first advance(): a graph covers the slots below `slot`, which get no
  // codes.
  void start_at(uint32_t slot);

  // Keeps the codes of [first(), end()) in memory while it lives.
  class Reader {
   public:
    explicit Reader(const CodeColumn& codes)
        : lock_(codes.mutex_),
          codes_(codes),
          first_(codes.first_),
          end_(codes.end_.load(std::memory_order_acquire)) {}
    uint32_t first() const { return first_; }
    uint32_t end() const { return end_; }
    const rhumb_vectors_t& rows() const { return codes_.column_; }
    // The largest scale and square in the heads of the slots from `a` to `b`, which both lie in
    // [first(), end()).
    rhumb_code_head_t largest(uint32_t a, uint32_t b) const;

   private:
    base::ReaderLock lock_;
    const CodeColumn& codes_;
    uint32_t first_, end_;
  };

  uint64_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }

 private:
  const rhumb_vectors_t& vectors_;
  std::span<const uint64_t> present_;
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::vector<const void*> pointers_;       // point into chunks_, in the form of the chunk table
  std::vector<rhumb_code_head_t> largest_;  // by chunk, written before end_ passes the chunk
  rhumb_vectors_t column_{};
  std::atomic<uint32_t> end_{0};  // multiple of kChunkRows
  std::atomic<uint64_t> memory_bytes_{0};
  // Also held while chunks are freed. Chunks are added without it: a chunk is written before end_
  // passes it, and never after.
  mutable base::SharedMutex mutex_;
  uint32_t first_ RHUMB_GUARDED_BY(mutex_) = 0;
};

}  // namespace rhumb::segment
