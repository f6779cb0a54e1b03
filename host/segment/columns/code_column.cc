#include "host/segment/columns/code_column.h"

#include <algorithm>
#include <cstring>

#include "host/base/assert.h"
#include "host/segment/columns/live_bits.h"

namespace rhumb::segment {

namespace {
rhumb_code_head_t larger(const rhumb_code_head_t& a, const rhumb_code_head_t& b) {
  return {std::max(a.scale, b.scale), std::max(a.square, b.square), 0, 0};
}
}  // namespace

rhumb_code_head_t CodeColumn::Reader::largest(uint32_t a, uint32_t b) const {
  rhumb_code_head_t all{};
  for (uint32_t chunk = a / kChunkRows; chunk <= b / kChunkRows; ++chunk)
    all = larger(all, codes_.largest_[chunk]);
  return all;
}

CodeColumn::CodeColumn(const rhumb_vectors_t& vectors, std::span<const uint64_t> present,
                       uint32_t max_rows)
    : vectors_(vectors),
      present_(present),
      chunks_(max_rows / kChunkRows),
      pointers_(max_rows / kChunkRows, nullptr),
      largest_(max_rows / kChunkRows) {
  column_.struct_size = sizeof(column_);
  column_.scalar = RHUMB_CODE8;
  column_.dim = vectors.dim;
  column_.chunk_shift = kChunkShift;
  column_.rows = static_cast<uint64_t>(chunks_.size()) * kChunkRows;
  column_.stride = rhumb_vector_bytes(RHUMB_CODE8, vectors.dim);
  column_.chunks = pointers_.data();
}

void CodeColumn::advance(uint32_t rows) {
  for (uint32_t end = end_.load(std::memory_order_relaxed);
       rows - end >= kChunkRows && end / kChunkRows < chunks_.size(); end += kChunkRows) {
    auto chunk = std::make_unique<char[]>(kChunkRows * column_.stride);
    for (uint32_t i = 0; i < kChunkRows; ++i) {
      const uint32_t slot = end + i;
      if (!bit(present_, slot)) continue;
      const auto* row = static_cast<const char*>(vectors_.chunks[slot >> vectors_.chunk_shift]) +
                        (slot & ((1u << vectors_.chunk_shift) - 1)) * vectors_.stride;
      const rhumb_status_t rc =
          rhumb_code_encode(row, vectors_.scalar, vectors_.dim, chunk.get() + i * column_.stride);
      RHUMB_ASSERT(rc == RHUMB_OK);
      rhumb_code_head_t head;
      std::memcpy(&head, chunk.get() + i * column_.stride, sizeof head);
      largest_[end / kChunkRows] = larger(largest_[end / kChunkRows], head);
    }
    pointers_[end / kChunkRows] = chunk.get();
    chunks_[end / kChunkRows] = std::move(chunk);
    memory_bytes_.fetch_add(kChunkRows * column_.stride, std::memory_order_relaxed);
    end_.store(end + kChunkRows, std::memory_order_release);
  }
}

void CodeColumn::start_at(uint32_t slot) {
  const base::WriterLock lock(mutex_);
  RHUMB_ASSERT(end_.load(std::memory_order_relaxed) == 0);
  first_ = std::min(slot, static_cast<uint32_t>(chunks_.size()) * kChunkRows) & ~(kChunkRows - 1);
  end_.store(first_, std::memory_order_release);
}

void CodeColumn::drop_below(uint32_t slot) {
  const base::WriterLock lock(mutex_);
  const uint32_t end = std::min(slot, end_.load(std::memory_order_acquire)) & ~(kChunkRows - 1);
  for (; first_ < end; first_ += kChunkRows) {
    chunks_[first_ / kChunkRows].reset();
    memory_bytes_.fetch_sub(kChunkRows * column_.stride, std::memory_order_relaxed);
  }
}

}  // namespace rhumb::segment
