// The bytes on disk (docs/formats/wal.md): a segment is a header and batches, a batch is a header
// and records. Everything is little-endian and on 8-byte boundaries. This file encodes and checks;
// it opens no files.
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

// `stamp` is random and new for each use of the file. Batches repeat it, so that bytes of an
// earlier use are never taken for data.
struct SegmentHeader {
  uint64_t number = 0, capacity = 0, stamp = 0;
  uint32_t version = kFormatVersion;
};

// `offset` is the place of this header in its segment; `bytes` is the size of the batch with this
// header; `sequence` counts batches over all segments. Everything before `synced_to` was durable
// when this header was written, so damage below it is corruption and not a torn tail. In the first
// batch of a segment it is exactly the end of the segment before.
struct BatchHeader {
  uint64_t stamp = 0, offset = 0, bytes = 0, records = 0, sequence = 0;
  Position synced_to;
};

// A COPY is a live record that moved to the head of the log when its old segment was freed. It
// changes the record's place but not the content of the group's log: an entry does not truncate,
// and an INSTALL does not clear.
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

// Return nothing if the bytes are not a valid header (magic or checksum). A segment header of
// another version is returned, with its version.
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes);
std::optional<BatchHeader> decode_batch_header(std::string_view bytes);
// Decodes the record at the front of `bytes`, which may be followed by more. The record's data
// points into `bytes`. Returns nothing if the record is damaged or cut.
std::optional<Record> decode_record(std::string_view bytes);

}  // namespace rhumb::wal
