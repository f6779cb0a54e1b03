// The vectors of one name in one segment: a file of rows of fixed stride, the bits of the slots
// that have one, and codes of the tail, that is, of the rows that are not in the graph yet. Row s
// belongs to slot s. With a multivector a slot has several rows, and table() says which.
//
// Threads: append() and flush() belong to the apply thread. vectors() is the chunk table that index
// plugins and kernels read. It is complete from the start, and rows never change once their slot
// was published. A word of present() changes until its 64 slots are appended, so a reader uses
// present_word(), and index plugins follow rhumb/index.h.
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
  // `rows` is the number of slots whose vectors the file may hold.
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
  const RowTable* table() const { return table_.get(); }  // null: not a multivector
  // The bytes of all rows of a slot that has the vector.
  std::string_view row(uint32_t slot) const { return bytes_of(rows(slot)); }
  RowRange rows(uint32_t slot) const { return table_ ? table_->rows(slot) : RowRange{slot, 1}; }
  base::Result<RowRange> checked_rows(uint32_t slot) const;
  std::string_view bytes_of(RowRange rows) const {
    return file_.view(rows.first * vectors_.stride, rows.count * vectors_.stride);
  }
  // These count rows as an index engine does.
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

  // Apply thread. append() takes slots in order; bytes.data() == nullptr means that the slot does
  // not have the vector. takes() says whether there is room for the rows, and bytes_with() how many
  // bytes the files have after they are appended. write() is for replay and takes any slot.
  // forget() comes before it and makes the slots in [first, end) void.
  bool takes(std::string_view bytes) const;
  uint64_t bytes_with(uint32_t slots, std::string_view bytes) const;
  base::Status append(uint32_t slot, std::string_view bytes);
  base::Status forget(uint32_t first, uint32_t end);
  base::Status write(uint32_t slot, std::string_view bytes);
  base::Status flush();
  // To be called when all slots below `rows` are flushed.
  void advance_codes(uint32_t rows);
  // Recovery. mark_present() says that the slot has the vector, and returns false if the files do
  // not hold all of it. recovered() is called when all slots are done.
  bool mark_present(uint32_t slot);
  void recovered(uint32_t slots);
  // Sealing: the file ends with the last slot, or with the last row of a multivector.
  base::Status seal(uint32_t rows);

  // For a sealed column: makes its pages the first that the system takes when it needs memory.
  // Searches still find them, more slowly.
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
  // There is room for every slot from the start, because the plugin holds a pointer to the words.
  std::vector<uint64_t> present_;
  std::atomic<uint64_t> present_count_{0}, present_rows_{0};
  rhumb_vectors_t vectors_{};
  const rhumb_kernel_t* kernel_ = nullptr;
  const rhumb_kernel_t* code_kernel_ = nullptr;
  std::unique_ptr<CodeColumn> codes_;
};

}  // namespace rhumb::segment
