// The vectors of one name in one segment: a file of rows of fixed stride, which slots have one, codes of the tail, and
// the graph.
//
// Threads: append() and flush() belong to the apply thread. vectors() is the chunk table that index plugins and kernels
// read: complete from the start, rows never change once the slot was published. A word of present() changes until its
// 64 slots are appended: an index plugin, which reads it plainly, is told of complete words only; others use
// present_word().
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/segment/code_column.h"
#include "host/segment/column.h"
#include "host/segment/live_bits.h"
#include "host/segment/manifest.h"
#include "host/segment/options.h"
#include "rhumb/kernels.h"

namespace rhumb::segment {

class VectorColumn {
 public:
  // rows: slots whose vectors the file may hold.
  static base::Result<std::unique_ptr<VectorColumn>> open(const VectorSpec& spec, const std::string& path,
                                                          uint32_t rows, const SegmentOptions& options);
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
  std::string_view row(uint32_t slot) const { return file_.view(slot * vectors_.stride, vectors_.stride); }
  const CodeColumn* codes() const { return codes_.get(); }  // null: not worthwhile
  CodeColumn* codes() { return codes_.get(); }

  // Apply thread. Slots come in order; one without this vector is not told. write: replay, at any slot.
  base::Status append(uint32_t slot, std::string_view bytes);
  base::Status write(uint32_t slot, std::string_view bytes);
  base::Status flush() { return file_.flush(); }
  // All slots below `rows` are flushed.
  void advance_codes(uint32_t rows);
  // Recovery: slot has the vector; false if the file does not reach that far.
  bool mark_present(uint32_t slot);
  // Seal: the file ends with the last slot.
  base::Status seal(uint32_t rows);

  // Sealed: its pages are the first that the system takes when it needs some. Searches find them again, slower.
  void cool() const;

  base::Status sync() { return file_.sync(); }
  Column& file() { return file_; }
  const Column& file() const { return file_; }
  uint64_t present_count() const { return present_count_.load(std::memory_order_relaxed); }

 private:
  VectorColumn(const VectorSpec& spec, Column file, const SegmentOptions& options);
  void set_present(uint32_t slot);

  const VectorSpec spec_;
  Column file_;
  std::vector<const void*> chunks_;
  std::vector<uint64_t> present_;  // room for every slot from the start: the plugin holds a pointer
  std::atomic<uint64_t> present_count_{0};
  rhumb_vectors_t vectors_{};
  const rhumb_kernel_t* kernel_ = nullptr;
  const rhumb_kernel_t* code_kernel_ = nullptr;
  std::unique_ptr<CodeColumn> codes_;
};

}  // namespace rhumb::segment
