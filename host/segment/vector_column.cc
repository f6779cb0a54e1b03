#include "host/segment/vector_column.h"

#include <sys/mman.h>

#include <algorithm>

#include "host/base/file.h"

namespace rhumb::segment {

using base::Result;
using base::Status;

namespace {
constexpr uint32_t kChunkShift = 16;
}

Result<std::unique_ptr<VectorColumn>> VectorColumn::open(const VectorSpec& spec, const std::string& path, uint32_t rows,
                                                         const SegmentOptions& options) {
  const uint64_t stride = spec.params.row_bytes();
  uint64_t length = 0;  // the last slots may be without this vector
  if (rows > 0 && base::exists(path)) {
    RHUMB_ASSIGN(const base::File file, base::File::open_ro(path));
    RHUMB_ASSIGN(const uint64_t bytes, file.size());
    length = std::min<uint64_t>(bytes / stride, rows) * stride;
  }
  // A segment is full when its columns together reach max_bytes, so no column gets beyond it.
  const uint64_t reserve = std::min(options.max_rows * stride, std::max(options.max_bytes, stride));
  RHUMB_ASSIGN(Column file, Column::open(path, length, reserve, options.extents));
  auto column = std::unique_ptr<VectorColumn>(new VectorColumn(spec, std::move(file), options));
  if (column->kernel_ == nullptr || column->code_kernel_ == nullptr) {
    return base::unsupported("vector '" + spec.name + "': no kernel for " +
                             std::string(model::distance_name(spec.params.distance)) + " of " +
                             std::string(model::scalar_name(spec.params.datatype)));
  }
  return column;
}

VectorColumn::VectorColumn(const VectorSpec& spec, Column file, const SegmentOptions& options)
    : spec_(spec), file_(std::move(file)), present_(words_for(options.max_rows), 0) {
  const auto metric = static_cast<uint32_t>(spec.params.distance), scalar = static_cast<uint32_t>(spec.params.datatype);
  vectors_.struct_size = sizeof(vectors_);
  vectors_.scalar = scalar;
  vectors_.dim = spec.params.size;
  vectors_.chunk_shift = kChunkShift;
  vectors_.stride = spec.params.row_bytes();
  const uint64_t chunk_bytes = vectors_.stride << kChunkShift;
  for (uint64_t offset = 0; offset < file_.reserved(); offset += chunk_bytes) chunks_.push_back(file_.data() + offset);
  vectors_.chunks = chunks_.data();
  vectors_.present = present_.data();
  kernel_ = rhumb_kernel_for(metric, scalar);
  code_kernel_ = rhumb_kernel_for(metric, RHUMB_CODE8);
  if (CodeColumn::worthwhile(scalar)) codes_ = std::make_unique<CodeColumn>(vectors_, present_, options.max_rows);
}

Status VectorColumn::append(uint32_t slot, std::string_view bytes) {
  RHUMB_ASSERT(bytes.size() == vectors_.stride);
  if (slot * vectors_.stride == file_.length()) {
    RHUMB_TRY(file_.append(bytes).status());
  } else {
    RHUMB_TRY(file_.write_at(slot * vectors_.stride, bytes));  // slots between have no such vector
  }
  set_present(slot);
  return base::ok();
}

// A search reads the word of the newest slots while a later slot's bit is set in it; what it may see of it is cut by
// its view.
void VectorColumn::set_present(uint32_t slot) {
  std::atomic_ref(present_[slot / 64]).fetch_or(1ull << (slot % 64), std::memory_order_relaxed);
  present_count_.fetch_add(1, std::memory_order_relaxed);
}

Status VectorColumn::write(uint32_t slot, std::string_view bytes) {
  RHUMB_ASSERT(bytes.size() == vectors_.stride);
  return file_.write_at(slot * vectors_.stride, bytes);
}

bool VectorColumn::mark_present(uint32_t slot) {
  if ((slot + 1) * vectors_.stride > file_.length()) return false;
  set_present(slot);
  return true;
}

void VectorColumn::advance_codes(uint32_t rows) {
  if (codes_) codes_->advance(rows);
}

void VectorColumn::cool() const {
#ifdef MADV_COLD
  if (file_.length() > 0) (void)::madvise(const_cast<char*>(file_.data()), file_.length(), MADV_COLD);  // advice: an old system knows it not
#endif
}

Status VectorColumn::seal(uint32_t rows) {
  const uint64_t bytes = rows * vectors_.stride;
  RHUMB_TRY(file_.flush());
  if (file_.length() < bytes) RHUMB_TRY(file_.write_at(bytes - 1, std::string_view("\0", 1)));
  return file_.trim();
}

}  // namespace rhumb::segment
