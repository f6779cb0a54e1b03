#include "host/segment/columns/vector_column.h"

#include <sys/mman.h>

#include <algorithm>

#include "host/base/file.h"

namespace rhumb::segment {

using base::Result;
using base::Status;

namespace {
constexpr uint32_t kChunkShift = 16;
constexpr uint64_t kMaxTableRows = ~0u;  // a row number is a u32
}  // namespace

Result<std::unique_ptr<VectorColumn>> VectorColumn::open(const VectorSpec& spec,
                                                         const std::string& path, uint32_t rows,
                                                         const SegmentOptions& options) {
  const uint64_t stride = spec.params.row_bytes();
  std::unique_ptr<RowTable> table;
  uint64_t length = 0;  // the last slots may not have this vector
  // A segment is full when its columns together reach max_bytes, so no column grows beyond that.
  uint64_t reserve = std::min(options.max_rows * stride, std::max(options.max_bytes, stride));
  if (spec.params.multivector) {
    const uint64_t largest = uint64_t{base::limits::kMaxMultivectorComponents} *
                             model::scalar_bytes(spec.params.datatype);
    reserve = std::min(std::max(options.max_bytes, largest), kMaxTableRows * stride);
    RHUMB_ASSIGN(table, RowTable::open(table_path(path), rows, options.max_rows, reserve / stride,
                                       options.extents));
    length = table->recorded_rows() * stride;
  } else if (rows > 0 && base::exists(path)) {
    RHUMB_ASSIGN(const base::File file, base::File::open_ro(path));
    RHUMB_ASSIGN(const uint64_t bytes, file.size());
    length = std::min<uint64_t>(bytes / stride, rows) * stride;
  }
  RHUMB_ASSIGN(Column file, Column::open(path, length, reserve, options.extents));
  auto column = std::unique_ptr<VectorColumn>(
      new VectorColumn(spec, std::move(file), std::move(table), options));
  if (column->kernel_ == nullptr || column->code_kernel_ == nullptr) {
    return base::unsupported("vector '" + spec.name + "': no kernel for " +
                             std::string(model::distance_name(spec.params.distance)) + " of " +
                             std::string(model::scalar_name(spec.params.datatype)));
  }
  return column;
}

VectorColumn::VectorColumn(const VectorSpec& spec, Column file, std::unique_ptr<RowTable> table,
                           const SegmentOptions& options)
    : spec_(spec),
      file_(std::move(file)),
      table_(std::move(table)),
      max_rows_(table_ ? file_.reserved() / spec.params.row_bytes() : options.max_rows),
      present_(words_for(options.max_rows), 0) {
  const auto metric = static_cast<uint32_t>(spec.params.distance),
             scalar = static_cast<uint32_t>(spec.params.datatype);
  vectors_.struct_size = sizeof(vectors_);
  vectors_.scalar = scalar;
  vectors_.dim = spec.params.size;
  vectors_.chunk_shift = kChunkShift;
  vectors_.stride = spec.params.row_bytes();
  const uint64_t chunk_bytes = vectors_.stride << kChunkShift;
  for (uint64_t offset = 0; offset < file_.reserved(); offset += chunk_bytes)
    chunks_.push_back(file_.data() + offset);
  vectors_.chunks = chunks_.data();
  vectors_.present = table_ ? nullptr : present_.data();  // each search is told whose rows count
  kernel_ = rhumb_kernel_for(metric, scalar);
  code_kernel_ = rhumb_kernel_for(metric, RHUMB_CODE8);
  if (!table_ && CodeColumn::worthwhile(scalar))
    codes_ = std::make_unique<CodeColumn>(vectors_, present_, options.max_rows);
}

bool VectorColumn::takes(std::string_view bytes) const {
  return !table_ || file_.length() + bytes.size() <= file_.reserved();
}

// A file of one row per slot spans all slots, including those without the vector.
uint64_t VectorColumn::bytes_with(uint32_t slots, std::string_view bytes) const {
  if (!table_) return (slots + 1ull) * vectors_.stride;
  return file_.length() + bytes.size() + (slots + 1ull) * RowTable::record_bytes();
}

RowRange VectorColumn::next_rows(std::string_view bytes) const {
  RHUMB_ASSERT(bytes.size() >= vectors_.stride && bytes.size() % vectors_.stride == 0);
  return {static_cast<uint32_t>(file_.length() / vectors_.stride),
          static_cast<uint32_t>(bytes.size() / vectors_.stride)};
}

Status VectorColumn::append(uint32_t slot, std::string_view bytes) {
  if (bytes.data() == nullptr) return table_ ? table_->skip(slot) : base::ok();
  if (table_) {
    const RowRange rows = next_rows(bytes);
    RHUMB_TRY(file_.append(bytes).status());
    RHUMB_TRY(table_->append(slot, rows));
  } else if (slot * vectors_.stride == file_.length()) {
    RHUMB_ASSERT(bytes.size() == vectors_.stride);
    RHUMB_TRY(file_.append(bytes).status());
  } else {
    RHUMB_ASSERT(bytes.size() == vectors_.stride);
    // Slots in between do not have the vector.
    RHUMB_TRY(file_.write_at(slot * vectors_.stride, bytes));
  }
  set_present(slot, static_cast<uint32_t>(bytes.size() / vectors_.stride));
  return base::ok();
}

// A search may read the word of the newest slots while a later slot's bit is set in it. The
// search's view hides that bit.
void VectorColumn::set_present(uint32_t slot, uint32_t rows) {
  std::atomic_ref(present_[slot / 64]).fetch_or(1ull << (slot % 64), std::memory_order_relaxed);
  present_count_.fetch_add(1, std::memory_order_relaxed);
  present_rows_.fetch_add(rows, std::memory_order_relaxed);
}

Status VectorColumn::forget(uint32_t first, uint32_t end) {
  return table_ && first < end ? table_->forget(first, end) : base::ok();
}

Status VectorColumn::write(uint32_t slot, std::string_view bytes) {
  if (table_) {
    const RowRange rows = next_rows(bytes);
    RHUMB_TRY(file_.append(bytes).status());
    return table_->write(slot, rows);
  }
  RHUMB_ASSERT(bytes.size() == vectors_.stride);
  return file_.write_at(slot * vectors_.stride, bytes);
}

bool VectorColumn::mark_present(uint32_t slot) {
  const auto file_rows = static_cast<uint32_t>(file_.length() / vectors_.stride);
  if (table_ ? !table_->adopt(slot, file_rows) : slot >= file_rows) return false;
  set_present(slot, rows(slot).count);
  return true;
}

void VectorColumn::recovered(uint32_t slots) {
  if (table_) table_->adopted(slots, static_cast<uint32_t>(file_.length() / vectors_.stride));
}

Result<RowRange> VectorColumn::checked_rows(uint32_t slot) const {
  if (!table_) return RowRange{slot, 1};
  RHUMB_ASSIGN(const RowRange rows, table_->checked_rows(slot));
  if (!bytes_of(rows).empty()) return rows;
  return base::corrupt(file_.path() + ": slot " + std::to_string(slot) + " has rows up to " +
                       std::to_string(rows.end()) + ", beyond the file");
}

Status VectorColumn::flush() {
  if (table_) RHUMB_TRY(table_->flush());
  return file_.flush();
}

Status VectorColumn::sync() {
  if (table_) RHUMB_TRY(table_->sync());
  return file_.sync();
}

void VectorColumn::advance_codes(uint32_t rows) {
  if (codes_) codes_->advance(rows);
}

void VectorColumn::release_pages() const {
#ifdef MADV_COLD
  // This is only advice, which an old system may not know.
  if (file_.length() > 0)
    (void)::madvise(const_cast<char*>(file_.data()), file_.length(), MADV_COLD);
#endif
}

Status VectorColumn::seal(uint32_t rows) {
  const uint64_t bytes = rows * vectors_.stride;
  if (table_) RHUMB_TRY(table_->seal());
  RHUMB_TRY(file_.flush());
  if (!table_ && file_.length() < bytes)
    RHUMB_TRY(file_.write_at(bytes - 1, std::string_view("\0", 1)));
  return file_.trim();
}

}  // namespace rhumb::segment
