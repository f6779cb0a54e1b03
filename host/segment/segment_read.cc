// Reads rows for an answer. Damaged bytes are never returned as data.
#include "host/base/file.h"
#include "host/segment/segment.h"

namespace rhumb::segment {

using base::Result;
using base::Status;

namespace {

enum File : size_t { kRows = 0, kIds = 1, kPayload = 2, kFirstVector = 3 };

Status damaged(const Column& file, uint64_t offset, const std::string& what) {
  return base::corrupt(file.path() + " at offset " + std::to_string(offset) + ": " + what);
}

}  // namespace

// Only sealed files have checksums of their own; a row's record always has one.
Status Segment::check_bytes(size_t file, uint64_t offset, uint64_t bytes) const {
  if (state() != State::kSealed) return base::ok();
  RHUMB_ASSERT(file != kRows);
  // This is called for every row that is read, so it does not build the list of files().
  const Column& column = file == kIds       ? ids_
                         : file == kPayload ? payload_
                                            : columns_[file - kFirstVector]->file();
  return checksums_[file]->check(column, offset, bytes);
}

Status Segment::check_record(uint32_t slot) const {
  const uint64_t offset = slot * sizeof(RowRecord);
  const RowRecord& r = record(slot);
  if (r.crc != base::crc32c({reinterpret_cast<const char*>(&r), offsetof(RowRecord, crc)})) {
    return damaged(rows_, offset, "the record of slot " + std::to_string(slot) + " is damaged");
  }
  if (ids_.view(r.id_offset, r.id_bytes).size() != r.id_bytes || r.id_bytes == 0 ||
      payload_.view(r.payload_offset, r.payload_bytes).size() != r.payload_bytes) {
    return damaged(rows_, offset,
                   "the record of slot " + std::to_string(slot) + " points outside the segment");
  }
  return base::ok();
}

std::string Segment::places(uint32_t slot) const {
  std::string out = rows_.path() + " at offset " + std::to_string(slot * sizeof(RowRecord));
  for (size_t i = 0; i < columns_.size(); ++i) {
    const auto& column = columns_[i];
    if (column->table() != nullptr && (record(slot).presence >> i & 1) == 0) continue;
    out += ", " + column->file().path() + " at offset " +
           std::to_string(column->rows(slot).first * column->vectors().stride);
  }
  return out;
}

void Segment::prefetch_blobs(uint32_t slot) const {
  const RowRecord& r = record(slot);
  __builtin_prefetch(ids_.view(r.id_offset, 1).data());
  __builtin_prefetch(payload_.view(r.payload_offset, 1).data());
}

Result<StoredRow> Segment::fetch(uint32_t slot) const {
  RHUMB_TRY(check_record(slot));
  const RowRecord& r = record(slot);
  RHUMB_TRY(check_bytes(kIds, r.id_offset, r.id_bytes));
  RHUMB_TRY(check_bytes(kPayload, r.payload_offset, r.payload_bytes));
  const std::string_view payload = payload_.view(r.payload_offset, r.payload_bytes);
  if (base::crc32c(payload, base::crc32c(ids_.view(r.id_offset, r.id_bytes))) != r.blobs_crc) {
    return damaged(payload_, r.payload_offset,
                   "id or payload of slot " + std::to_string(slot) + " is damaged (id at " +
                       std::to_string(r.id_offset) + ")");
  }
  StoredRow row{ids_.view(r.id_offset, r.id_bytes), {}, r.version, r.presence};
  if (const auto changed = overrides_.find(slot)) {
    RHUMB_TRY(overrides_.check(slot, *changed));
    row.payload = overrides_.text(*changed);
    row.version = changed->version;
    return row;
  }
  row.payload = payload;
  return row;
}

Result<std::string_view> Segment::fetch_vector(size_t column, uint32_t slot) const {
  RHUMB_ASSIGN(const RowRange rows, columns_[column]->checked_rows(slot));
  const std::string_view bytes = columns_[column]->bytes_of(rows);
  RHUMB_TRY(check_bytes(kFirstVector + column, rows.first * columns_[column]->vectors().stride,
                        bytes.size()));
  return bytes;
}

void Segment::verify_checksums(const std::function<void(const Status&)>& wrong) const {
  if (state() != State::kSealed) return;
  const auto all = files();
  for (size_t i = 0; i < all.size(); ++i) checksums_[i]->check_all(*all[i], wrong);
}

}  // namespace rhumb::segment
