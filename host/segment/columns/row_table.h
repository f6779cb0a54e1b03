// Which rows of a multivector's column belong to which slot: a file with one record per slot, and
// in memory the owner of each row.
//
// A row number is a u32, as a slot is, and is assigned in the order of writing. After a replay rows
// need not be in the order of slots, and some may have no owner: a crash left them behind when
// their slots were written again elsewhere. Threads: append, skip, write, forget and flush belong
// to the apply thread, as do adopt and adopted at recovery; any thread may call the others, for
// slots and rows of the caller's view. What sync() covered survives a crash. The owners are
// computed again at recovery.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/segment/columns/column.h"
#include "host/segment/format.h"

namespace rhumb::segment {

struct RowRange {
  uint32_t first = 0, count = 0;
  uint32_t end() const { return first + count; }
};

class RowTable {
 public:
  static constexpr uint32_t kNoSlot = ~0u;

  // `slots` is the number of slots whose records the file holds; kCorrupt names the offset of a
  // damaged one. `max_rows` is the limit of the column.
  static base::Result<std::unique_ptr<RowTable>> open(const std::string& path, uint32_t slots,
                                                      uint32_t max_slots, uint64_t max_rows,
                                                      ExtentLimits extents);
  RowTable(const RowTable&) = delete;
  RowTable& operator=(const RowTable&) = delete;

  // Both are for a slot that has this vector. rows() does not check the record; checked_rows()
  // checks it against its CRC.
  RowRange rows(uint32_t slot) const;
  base::Result<RowRange> checked_rows(uint32_t slot) const;
  uint32_t owner(uint32_t row) const;  // kNoSlot if the row has no owner
  // No slot below `slots` has a row at or after the returned one.
  uint32_t rows_end(uint32_t slots) const { return slots == 0 ? 0 : ends_[slots - 1]; }
  // The number of slots, of the first `slots`, whose rows are all below `rows`.
  uint32_t slots_within(uint32_t rows, uint32_t slots) const;
  const std::vector<RowRange>& unowned() const { return unowned_; }
  // The end of the rows that the file's records hold: the length of the column, in rows.
  uint32_t recorded_rows() const { return recorded_rows_; }

  base::Status append(uint32_t slot, RowRange rows);  // in the order of slots
  base::Status skip(uint32_t slot);                   // the slot does not have the vector
  base::Status write(uint32_t slot, RowRange rows);   // replay, at any slot
  base::Status forget(uint32_t first, uint32_t end);  // replay: the records of these slots are void
  base::Status flush() { return file_.flush(); }
  // Recovery. adopt() counts the slot's record and returns false if it is damaged or reaches beyond
  // `rows`. adopted() is called when all slots are done.
  bool adopt(uint32_t slot, uint32_t rows);
  void adopted(uint32_t slots, uint32_t rows);
  base::Status seal();  // nothing is appended any more
  base::Status sync() { return file_.sync(); }

  const Column& file() const { return file_; }
  static constexpr uint64_t record_bytes() { return sizeof(Record); }

 private:
  struct Record {
    uint32_t first = 0, count = 0, slot = 0;
    uint32_t crc = 0;  // CRC32C of the 12 bytes before it
  };
  static_assert(sizeof(Record) == 16);
  static constexpr uint32_t kChunkShift = 16;

  RowTable(Column file, uint32_t max_slots, uint64_t max_rows);
  static std::string bytes_of(uint32_t slot, RowRange rows);
  bool whole(uint32_t slot, Record* out) const;
  void own(uint32_t slot, RowRange rows);

  Column file_;
  const uint32_t max_slots_;
  // By slot: the end of the rows of this slot and of all slots before it.
  std::unique_ptr<uint32_t[]> ends_;
  // By row, in chunks. There is room for all chunks from the start, so that readers need no lock.
  std::vector<std::unique_ptr<uint32_t[]>> owners_;
  std::vector<RowRange> unowned_;  // set at recovery
  uint32_t told_ = 0;              // [apply] slots with an entry in ends_
  uint32_t recorded_rows_ = 0;
};

}  // namespace rhumb::segment
