// What the apply thread writes, and what recovery writes again.
#include <cstring>

#include "host/base/file.h"
#include "host/segment/segment.h"

namespace rhumb::segment {

using base::Result;
using base::Status;

namespace {

uint32_t record_crc(const RowRecord& record) {
  return base::crc32c({reinterpret_cast<const char*>(&record), offsetof(RowRecord, crc)});
}
std::string_view bytes_of(const RowRecord& record) {
  return {reinterpret_cast<const char*>(&record), sizeof(record)};
}

}  // namespace

uint64_t Segment::bytes_with(const RowInput& row) const {
  uint64_t bytes = (row_count_ + 1ull) * sizeof(RowRecord) + ids_.length() + row.id_key.size() +
                   payload_.length() + row.payload.size();
  for (size_t i = 0; i < columns_.size(); ++i)
    bytes += columns_[i]->bytes_with(row_count_, row.vectors[i]);
  return bytes;
}

bool Segment::fits(const RowInput& row) const {
  if (row_count_ == 0) return true;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i]->takes(row.vectors[i])) return false;
  }
  return row_count_ < std::min(options_.seal_rows, options_.max_rows) &&
         bytes_with(row) <= options_.max_bytes;
}

Result<uint32_t> Segment::append(const RowInput& row) {
  RHUMB_ASSERT(state() == State::kGrowing && row.vectors.size() == columns_.size());
  RHUMB_ASSERT(row_count_ < options_.max_rows);
  const uint32_t slot = row_count_;
  RHUMB_ASSIGN(const uint64_t id_offset, ids_.append(row.id_key));
  RHUMB_ASSIGN(const uint64_t payload_offset, payload_.append(row.payload));
  for (size_t i = 0; i < columns_.size(); ++i) RHUMB_TRY(columns_[i]->append(slot, row.vectors[i]));
  RHUMB_TRY(write_record(slot, row, id_offset, payload_offset, true));
  ++row_count_;
  fields_->put(slot, row.payload);
  return slot;
}

Status Segment::write_record(uint32_t slot, const RowInput& row, uint64_t id_offset,
                             uint64_t payload_offset, bool at_end) {
  RowRecord record;
  record.id_offset = id_offset;
  record.payload_offset = payload_offset;
  record.version = row.version;
  for (size_t i = 0; i < row.vectors.size(); ++i)
    record.presence |= row.vectors[i].data() != nullptr ? 1ull << i : 0;
  record.content_hash = row.content_hash;
  record.id_bytes = static_cast<uint32_t>(row.id_key.size());
  record.payload_bytes = static_cast<uint32_t>(row.payload.size());
  record.blobs_crc = base::crc32c(row.payload, base::crc32c(row.id_key));
  record.crc = record_crc(record);
  if (at_end) return rows_.append(bytes_of(record)).status();
  return rows_.write_at(slot * sizeof(RowRecord), bytes_of(record));
}

Status Segment::override_payload(uint32_t slot, uint64_t version, std::string_view payload) {
  if (!overrides_.fits(payload.size()))
    return {base::Code::kTooLarge, directory_ + ": the file of payload changes is full"};
  RHUMB_TRY(overrides_.append(slot, version, payload));
  // This comes after the text can be found. A search that meets the index's new entry then reads
  // the new text, and one that still meets the old entry sees a version beyond its view and checks
  // again.
  fields_->put(slot, payload);
  return base::ok();
}

Status Segment::flush_files() {
  RHUMB_TRY(ids_.flush());
  RHUMB_TRY(payload_.flush());
  for (const auto& column : columns_) RHUMB_TRY(column->flush());
  return rows_.flush();
}

Status Segment::flush() {
  RHUMB_TRY(flush_files());
  for (const auto& column : columns_) column->advance_codes(row_count_);
  return base::ok();
}

void Segment::make_codes() {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (auto* codes = columns_[i]->codes()) codes->start_at(graphs_[i]->built());
    columns_[i]->advance_codes(row_count_);
  }
}

Status Segment::begin_replay(const Lengths& durable, uint32_t rows) {
  RHUMB_ASSERT(state() == State::kGrowing || durable.rows == rows);
  RHUMB_ASSERT(row_count_ == durable.rows && durable.rows <= rows);
  row_count_ = rows;
  if (rows == durable.rows) return base::ok();
  // The slots are void until they are rewritten: a record of zeros means that there is none.
  for (const auto& column : columns_) RHUMB_TRY(column->forget(durable.rows, rows));
  const std::string zeros((rows - durable.rows) * sizeof(RowRecord), '\0');
  return rows_.write_at(durable.rows * sizeof(RowRecord), zeros);
}

Status Segment::rewrite(uint32_t slot, const RowInput& row) {
  RHUMB_ASSERT(slot >= durable_rows_ && slot < row_count_);
  RHUMB_ASSIGN(const uint64_t id_offset, ids_.append(row.id_key));
  RHUMB_ASSIGN(const uint64_t payload_offset, payload_.append(row.payload));
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (row.vectors[i].data() != nullptr) RHUMB_TRY(columns_[i]->write(slot, row.vectors[i]));
  }
  return write_record(slot, row, id_offset, payload_offset, false);
}

// Presence comes from the live rows, because a dead slot that replay left void has no vector for a
// graph to take in.
Status Segment::finish_recovery(std::span<const uint64_t> live) {
  // Codes come last, because it is not known yet which rows have a vector.
  RHUMB_TRY(flush_files());
  for (uint32_t slot = 0; slot < row_count_; ++slot) {
    const bool alive = bit(live, slot);
    const RowRecord& r = record(slot);
    if (!alive && r.crc != record_crc(r)) continue;
    if (alive) RHUMB_TRY(check_record(slot));
    for (size_t i = 0; i < columns_.size(); ++i) {
      if ((r.presence >> i & 1) == 0) continue;
      if (!columns_[i]->mark_present(slot) && alive) {
        RHUMB_TRY(columns_[i]->checked_rows(slot).status());
        return base::corrupt(
            columns_[i]->file().path() + " at offset " +
            std::to_string(columns_[i]->rows(slot).first * columns_[i]->vectors().stride) +
            ": the file ends, slot " + std::to_string(slot) + " has a vector there");
      }
    }
  }
  RHUMB_TRY(intact());
  for (size_t i = 0; i < columns_.size(); ++i) {
    columns_[i]->recovered(row_count_);
    RHUMB_TRY(graphs_[i]->load(durable_rows_));
  }
  make_codes();
  return base::ok();
}

}  // namespace rhumb::segment
