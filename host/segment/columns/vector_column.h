// The vectors of one name in one segment: a file of rows of fixed stride, which slots have one, and
// codes of the tail. Row s is slot s's; of a multivector a slot has several rows, which table()
// tells.
//
// Threads: append() and flush() belong to the apply thread. vectors() is the chunk table that index
// plugins and kernels read: complete from the start, rows never change once the slot was published.
// A word of present() changes until its 64 slots are appended: who reads it meanwhile does so by
// present_word(), index plugins as rhumb/index.h says.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/segment/columns/code_column.h"
#include "host/segment/columns/column.h"
#include "host/segment/columns/live_bits.h"
#include "host/segment/columns/row_table.h"
#include "host/segment/manifest.h"
#include "host/segment/options.h"
#include "rhumb/kernels.h"

namespace rhumb::segment {

class VectorColumn {
 public:
  // rows: slots whose vectors the file may hold.
  static base::Result<std::unique_ptr<VectorColumn>> open(const VectorSpec& spec,
                                                          const std::string& path, uint32_t rows,
                                                          const SegmentOptions& options);
  VectorColumn(const VectorColumn&) = delete;
  VectorColumn& operator=(const VectorColumn&) = delete;

  const VectorSpec& spec() const { return spec_; }
  const rhumb_kernel_t& kernel() const { return *kernel_; }
  const rhumb_kernel_t& code_kernel() const { return *code_kernel_; }
  const rhumb_vectors_t& vectors() const { return vectors_; }
  std::span<const uint64_t> present() const { return present_; }
  uint64_t present_word(size_t i) const {
    return std::atomic_ref(const_cast<uint64_t&>(present_[i])).load(std::memory_order_relaxed);
  }
  const RowTable* table() const { return table_.get(); }  // null: no multivector
  // Of a slot that has the vector: its bytes, all rows of them.
  std::string_view row(uint32_t slot) const { return bytes_of(rows(slot)); }
  RowRange rows(uint32_t slot) const { return table_ ? table_->rows(slot) : RowRange{slot, 1}; }
  base::Result<RowRange> checked_rows(uint32_t slot) const;
  std::string_view bytes_of(RowRange rows) const {
    return file_.view(rows.first * vectors_.stride, rows.count * vectors_.stride);
  }
  // Rows as an index engine counts them.
  uint32_t rows_end(uint32_t slots) const { return table_ ? table_->rows_end(slots) : slots; }
  uint32_t slots_within(uint32_t row_count, uint32_t slots) const {
    return table_ ? table_->slots_within(row_count, slots) : std::min(row_count, slots);
  }
  uint64_t max_rows() const { return max_rows_; }
  uint64_t present_rows() const {
    return table_ ? present_rows_.load(std::memory_order_relaxed) : present_count();
  }
  const CodeColumn* codes() const { return codes_.get(); }  // null: not worthwhile
  CodeColumn* codes() { return codes_.get(); }

  // Apply thread. Slots come in order; bytes.data() == nullptr: it has no such vector. takes: there
  // is room for the rows; bytes_with: the files' bytes if they are appended. write: replay, at any
  // slot; forget before it: nothing of slots in [first, end) counts.
  bool takes(std::string_view bytes) const;
  uint64_t bytes_with(uint32_t slots, std::string_view bytes) const;
  base::Status append(uint32_t slot, std::string_view bytes);
  base::Status forget(uint32_t first, uint32_t end);
  base::Status write(uint32_t slot, std::string_view bytes);
  base::Status flush();
  // All slots below `rows` are flushed.
  void advance_codes(uint32_t rows);
  // Recovery: slot has the vector; false if the files do not have it whole. recovered: of all
  // slots.
  bool mark_present(uint32_t slot);
  void recovered(uint32_t slots);
  // Seal: the file ends with the last slot, or the last row of a multivector.
  base::Status seal(uint32_t rows);

  // Sealed: its pages are the first that the system takes when it needs some. Searches find them
  // again, slower.
  void release_pages() const;

  base::Status sync();
  Column& file() { return file_; }
  const Column& file() const { return file_; }
  uint64_t present_count() const { return present_count_.load(std::memory_order_relaxed); }

 private:
  VectorColumn(const VectorSpec& spec, Column file, std::unique_ptr<RowTable> table,
               const SegmentOptions& options);
  void set_present(uint32_t slot, uint32_t rows);
  RowRange next_rows(std::string_view bytes) const;

  const VectorSpec spec_;
  Column file_;
  std::unique_ptr<RowTable> table_;
  uint64_t max_rows_ = 0;
  std::vector<const void*> chunks_;
  std::vector<uint64_t> present_;  // room for every slot from the start: the plugin holds a pointer
  std::atomic<uint64_t> present_count_{0}, present_rows_{0};
  rhumb_vectors_t vectors_{};
  const rhumb_kernel_t* kernel_ = nullptr;
  const rhumb_kernel_t* code_kernel_ = nullptr;
  std::unique_ptr<CodeColumn> codes_;
};

}  // namespace rhumb::segment
