// The bytes on disk (docs/formats/wal.md): a segment is a header and batches, a batch is a header
// and records. Little-endian, everything on 8-byte boundaries. Encoding and checking only; no files
// here.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rhumb/storage.h"

namespace rhumb::wal {

inline constexpr uint32_t kSegmentMagic = 0x47535752;  // "RWSG"
inline constexpr uint32_t kBatchMagic = 0x54425752;    // "RWBT"
inline constexpr uint32_t kFormatVersion = 1;
inline constexpr uint64_t kSegmentHeaderBytes = 64;
inline constexpr uint64_t kBatchHeaderBytes = 64;
inline constexpr uint64_t kRecordHeaderBytes = 40;

// A place in the log. Segments are numbered from 1; (0, 0) is before everything.
struct Position {
  uint64_t segment = 0, offset = 0;
  auto operator<=>(const Position&) const = default;
};

// stamp: random per (re)use of the file; batches repeat it, so that what an earlier life left
// behind is never taken for data.
struct SegmentHeader {
  uint64_t number = 0, capacity = 0, stamp = 0;
  uint32_t version = kFormatVersion;
};

// offset: of this header in its segment. bytes: of the batch with this header. sequence: counts
// batches over all segments. synced_to: everything before it was durable when this header was
// written; damage below it is corruption, not a torn tail. In the first batch of a segment it is
// exactly the end of the segment before.
struct BatchHeader {
  uint64_t stamp = 0, offset = 0, bytes = 0, records = 0, sequence = 0;
  Position synced_to;
};

// A COPY is a live record that moved to the head of the log when its old segment was freed: it
// changes where the record lies, not what the group's log holds (an entry does not truncate, an
// INSTALL does not clear).
enum : uint16_t { kRecordCopy = 1 };

struct Record {
  uint64_t group = 0, index = 0, term = 0;
  uint16_t type = 0, flags = 0;
  std::string_view data;
};

inline bool is_entry(uint32_t type) {
  return type == RHUMB_LOG_DATA || type == RHUMB_LOG_MEMBERS || type == RHUMB_LOG_NOOP;
}
inline bool is_known_type(uint32_t type) {
  return is_entry(type) || (type >= RHUMB_LOG_HARD_STATE && type <= RHUMB_LOG_DROP);
}

constexpr uint64_t record_bytes(uint64_t data_bytes) {
  return (kRecordHeaderBytes + data_bytes + 7) & ~uint64_t{7};
}

std::string encode(const SegmentHeader& header);
std::string encode(const BatchHeader& header);
void append_record(std::string& out, const Record& record);

// Nothing when the bytes are not a valid header: magic or checksum. A segment of another version is
// told by its header.
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes);
std::optional<BatchHeader> decode_batch_header(std::string_view bytes);
// The record at the front of `bytes`, which may go on behind it; its data points into `bytes`.
// Nothing when damaged or cut.
std::optional<Record> decode_record(std::string_view bytes);

}  // namespace rhumb::wal
