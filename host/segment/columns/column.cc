#include "host/segment/columns/column.h"

#include <sys/mman.h>

#include <algorithm>
#include <utility>

#include "host/base/limits.h"

namespace rhumb::segment {

using base::Result;
using base::Status;
using base::limits::kColumnBufferBytes;

Result<Column> Column::open(const std::string& path, uint64_t length, uint64_t reserve_bytes,
                            ExtentLimits extents) {
  RHUMB_ASSERT(extents.first_bytes > 0 && extents.first_bytes <= extents.max_bytes);
  Column column;
  RHUMB_ASSIGN(column.file_, base::File::open_rw(path));
  RHUMB_ASSIGN(column.allocated_, column.file_.size());
  if (column.allocated_ < length) {
    return base::corrupt(path + " at offset " + std::to_string(column.allocated_) +
                         ": the file ends here, but " + std::to_string(length) +
                         " bytes were written");
  }
  RHUMB_ASSIGN(column.mapping_,
               base::Mapping::map(column.file_, 0, std::max(reserve_bytes, length)));
  column.extents_ = extents;
  column.length_ = column.flushed_ = length;
  // An earlier process may have left bytes that are only in the page cache.
  column.dirty_.store(column.allocated_ > 0);
  return column;
}

Column& Column::operator=(Column&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(mapping_, other.mapping_);
  std::swap(extents_, other.extents_);
  std::swap(length_, other.length_);
  std::swap(flushed_, other.flushed_);
  std::swap(allocated_, other.allocated_);
  std::swap(buffer_, other.buffer_);
  dirty_.store(other.dirty_.load());
  return *this;
}

// Extents double with the file, so a small segment stays small and a large one has few extents. On
// a disk that fills up they shrink, so that no column takes space early that the log and the other
// columns need.
Status Column::allocate(uint64_t end) {
  if (end > mapping_.size())
    return base::internal(path() + " would grow beyond the " + std::to_string(mapping_.size()) +
                          " bytes reserved for it");
  while (allocated_ < end) {
    RHUMB_ASSIGN(const uint64_t free, file_.free_bytes());
    const uint64_t doubled = std::min(allocated_, free / base::limits::kExtentFreeDivisor);
    const uint64_t extent = std::clamp(doubled, extents_.first_bytes, extents_.max_bytes);
    const uint64_t next = std::min(allocated_ + extent, std::max(mapping_.size(), end));
    RHUMB_TRY(file_.allocate(allocated_, next - allocated_));
    allocated_ = next;
  }
  return base::ok();
}

Result<uint64_t> Column::append(std::string_view bytes) {
  if (length_ + bytes.size() > mapping_.size()) {
    return base::internal(path() + " is full at " + std::to_string(length_) + " bytes");
  }
  const uint64_t offset = length_;
  buffer_.append(bytes);
  length_ += bytes.size();
  if (buffer_.size() >= kColumnBufferBytes) RHUMB_TRY(flush());
  return offset;
}

Status Column::flush() {
  if (buffer_.empty()) return base::ok();
  RHUMB_ASSERT(flushed_ + buffer_.size() == length_);
  RHUMB_TRY(allocate(length_));
  RHUMB_TRY(file_.write_at(flushed_, buffer_));
  dirty_.store(true, std::memory_order_release);
  flushed_ = length_;
  buffer_.clear();
  if (buffer_.capacity() > 2 * kColumnBufferBytes) buffer_.shrink_to_fit();
  return base::ok();
}

Status Column::write_at(uint64_t offset, std::string_view bytes) {
  RHUMB_TRY(flush());
  const uint64_t end = offset + bytes.size();
  RHUMB_TRY(allocate(std::max(end, length_)));
  RHUMB_TRY(file_.write_at(offset, bytes));
  dirty_.store(true, std::memory_order_release);
  length_ = flushed_ = std::max(length_, end);
  return base::ok();
}

Status Column::truncate_to(uint64_t length) {
  RHUMB_TRY(flush());
  RHUMB_ASSERT(length <= length_);
  length_ = flushed_ = length;
  return base::ok();
}

Status Column::trim() {
  RHUMB_TRY(flush());
  RHUMB_TRY(file_.truncate(length_));
  allocated_ = length_;
  dirty_.store(true, std::memory_order_release);
  return base::ok();
}

// This is only advice to the system and changes no answer.
void Column::leave_memory() const {
  char* const begin = const_cast<char*>(mapping_.data());
  if (begin == nullptr) return;
  ::madvise(begin, mapping_.size(), MADV_RANDOM);
  ::madvise(begin, mapping_.size(), MADV_DONTNEED);
}

Status Column::sync() {
  // The flag is cleared first, because a write in the meantime must set it again. A failed
  // fdatasync leaves it cleared, but the caller then fences the shard.
  if (!dirty_.exchange(false, std::memory_order_acq_rel)) return base::ok();
  return file_.sync_data();
}

}  // namespace rhumb::segment
