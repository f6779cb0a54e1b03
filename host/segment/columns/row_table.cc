#include "host/segment/columns/row_table.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "host/base/assert.h"
#include "host/base/file.h"

namespace rhumb::segment {

using base::Result;
using base::Status;

Result<std::unique_ptr<RowTable>> RowTable::open(const std::string& path, uint32_t slots,
                                                 uint32_t max_slots, uint64_t max_rows,
                                                 ExtentLimits extents) {
  RHUMB_ASSIGN(Column file,
               Column::open(path, slots * sizeof(Record), max_slots * sizeof(Record), extents));
  auto table = std::unique_ptr<RowTable>(new RowTable(std::move(file), max_slots, max_rows));
  static constexpr char kVoid[sizeof(Record)] = {};
  for (uint32_t slot = 0; slot < slots; ++slot) {
    if (table->file_.view(slot * sizeof(Record), sizeof(Record)) ==
        std::string_view(kVoid, sizeof(kVoid)))
      continue;
    RHUMB_ASSIGN(const RowRange rows, table->checked_rows(slot));
    table->recorded_rows_ = std::max(table->recorded_rows_, rows.end());
  }
  if (table->file_.poisoned()) return base::corrupt(path + ": a page could not be read");
  return table;
}

RowTable::RowTable(Column file, uint32_t max_slots, uint64_t max_rows)
    : file_(std::move(file)),
      max_slots_(max_slots),
      ends_(std::make_unique_for_overwrite<uint32_t[]>(max_slots)),
      owners_((max_rows >> kChunkShift) + 1) {}

std::string RowTable::bytes_of(uint32_t slot, RowRange rows) {
  Record record{rows.first, rows.count, slot, 0};
  record.crc = base::crc32c({reinterpret_cast<const char*>(&record), offsetof(Record, crc)});
  return {reinterpret_cast<const char*>(&record), sizeof(record)};
}

// Reads the record of a slot, if the slot has one and it is as it was written. Void records are
// zeros.
bool RowTable::whole(uint32_t slot, Record* out) const {
  const std::string_view bytes = file_.view(slot * sizeof(Record), sizeof(Record));
  if (bytes.empty()) return false;
  std::memcpy(out, bytes.data(), sizeof(Record));
  return out->slot == slot && out->count > 0 && out->first <= ~out->count &&
         out->crc == base::crc32c(bytes.substr(0, offsetof(Record, crc)));
}

RowRange RowTable::rows(uint32_t slot) const {
  const auto* record = reinterpret_cast<const Record*>(file_.data() + slot * sizeof(Record));
  return {record->first, record->count};
}

Result<RowRange> RowTable::checked_rows(uint32_t slot) const {
  Record record;
  if (whole(slot, &record)) return RowRange{record.first, record.count};
  return base::corrupt(file_.path() + " at offset " + std::to_string(slot * sizeof(Record)) +
                       ": the record of slot " + std::to_string(slot) + " is damaged");
}

uint32_t RowTable::owner(uint32_t row) const {
  const auto& chunk = owners_[row >> kChunkShift];
  return chunk ? chunk[row & ((1u << kChunkShift) - 1)] : kNoSlot;
}

uint32_t RowTable::slots_within(uint32_t rows, uint32_t slots) const {
  const uint32_t* const end = std::upper_bound(ends_.get(), ends_.get() + slots, rows);
  return static_cast<uint32_t>(end - ends_.get());
}

void RowTable::own(uint32_t slot, RowRange rows) {
  for (uint32_t row = rows.first; row < rows.end(); ++row) {
    auto& chunk = owners_[row >> kChunkShift];
    if (!chunk) {
      chunk = std::make_unique_for_overwrite<uint32_t[]>(1u << kChunkShift);
      std::fill_n(chunk.get(), 1u << kChunkShift, kNoSlot);
    }
    chunk[row & ((1u << kChunkShift) - 1)] = slot;
  }
}

Status RowTable::append(uint32_t slot, RowRange rows) {
  RHUMB_ASSERT(slot == told_ && slot < max_slots_ && rows.count > 0 &&
               rows.first >= rows_end(slot));
  RHUMB_TRY(file_.append(bytes_of(slot, rows)).status());
  own(slot, rows);
  ends_[slot] = rows.end();
  told_ = slot + 1;
  return base::ok();
}

// The record is written out, because a crash may have left other bytes in its place.
Status RowTable::skip(uint32_t slot) {
  RHUMB_ASSERT(slot == told_ && slot < max_slots_);
  RHUMB_TRY(file_.append(std::string(sizeof(Record), '\0')).status());
  ends_[slot] = rows_end(slot);
  told_ = slot + 1;
  return base::ok();
}

Status RowTable::write(uint32_t slot, RowRange rows) {
  RHUMB_ASSERT(slot < max_slots_ && rows.count > 0);
  return file_.write_at(slot * sizeof(Record), bytes_of(slot, rows));
}

Status RowTable::forget(uint32_t first, uint32_t end) {
  return file_.write_at(first * sizeof(Record), std::string((end - first) * sizeof(Record), '\0'));
}

bool RowTable::adopt(uint32_t slot, uint32_t rows) {
  Record record;
  if (!whole(slot, &record) || record.first + record.count > rows) return false;
  own(slot, {record.first, record.count});
  return true;
}

void RowTable::adopted(uint32_t slots, uint32_t rows) {
  std::fill_n(ends_.get(), slots, 0);
  for (uint32_t row = 0; row < rows; ++row) {
    const uint32_t slot = owner(row);
    if (slot != kNoSlot) {
      ends_[slot] = row + 1;
    } else if (!unowned_.empty() && unowned_.back().end() == row) {
      ++unowned_.back().count;
    } else {
      unowned_.push_back({row, 1});
    }
  }
  for (uint32_t slot = 1; slot < slots; ++slot)
    ends_[slot] = std::max(ends_[slot], ends_[slot - 1]);
  told_ = slots;
}

Status RowTable::seal() { return file_.trim(); }

}  // namespace rhumb::segment
