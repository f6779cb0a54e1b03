// What the bytes of a segment directory mean (docs/formats/segment.md). They are little-endian, as
// the machine holds them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rhumb::segment {

// Format 1 had no UUID. It is read, and upgraded when the segment is opened.
inline constexpr uint32_t kFormat = 2, kOldestFormat = 1;
inline constexpr uint64_t kNoOffset = ~0ull;
inline constexpr uint64_t kChecksumBlockBytes = 64 * 1024;

inline constexpr char kRowsFile[] = "rows.dat";
inline constexpr char kIdsFile[] = "ids.dat";
inline constexpr char kPayloadFile[] = "payload.dat";
inline constexpr char kOverrideFile[] = "override.dat";
inline constexpr char kManifestFile[] = "manifest";
inline constexpr char kPayloadIndexDir[] = "fields";
inline std::string vector_file(size_t column) { return "vec." + std::to_string(column) + ".dat"; }
// The file beside the rows of a multivector that says which slot owns which rows.
inline std::string table_path(const std::string& vector_path) {
  const size_t name = vector_path.rfind('/') + 1;
  return vector_path.substr(0, name) + "slots." + vector_path.substr(name + 4);  // vec.<i>.dat
}
inline std::string graph_dir(size_t column) { return "graph." + std::to_string(column); }
inline std::string checksum_file(const std::string& column_file) { return column_file + ".crc"; }
// For each slot of segment `from`, which was merged into this one, the slot here.
inline constexpr char kMovedPrefix[] = "moved.";
inline std::string moved_file(uint32_t from) { return kMovedPrefix + std::to_string(from); }

// True for the column files, checksums, graphs, payload indexes and files of slots of a sealed
// segment. They are written once, and what replaces them is a new file that is renamed, so several
// directories may link them. `name` is the path below the segment's directory.
bool never_changes(std::string_view name);

using Hash = std::array<uint8_t, 16>;

// One slot of rows.dat. A slot whose record is all zero was never written, or recovery made it
// void; such a slot is never live.
struct RowRecord {
  uint64_t id_offset = 0, payload_offset = 0;  // offsets into ids.dat and payload.dat
  uint64_t version = 0;                        // log index of the change that wrote the row
  uint64_t presence = 0;                       // bit i: the row has the vector of column i
  Hash content_hash{};                         // hash of the point when the row was written
  uint32_t id_bytes = 0, payload_bytes = 0;
  uint32_t blobs_crc = 0;  // CRC32C of the id's bytes and the payload's
  uint32_t crc = 0;        // CRC32C of the 60 bytes before it
};
static_assert(sizeof(RowRecord) == 64 && offsetof(RowRecord, crc) == 60);

// One record of override.dat: this header, then `bytes` bytes of payload text, then zeros up to a
// multiple of 8.
struct OverrideHeader {
  uint32_t crc = 0;  // CRC32C of the rest of the header and of the text
  uint32_t slot = 0;
  uint64_t version = 0;
  uint32_t bytes = 0;
  uint32_t reserved = 0;
};
static_assert(sizeof(OverrideHeader) == 24);

// How far a segment's files are filled. Bytes beyond these lengths are not part of the segment.
struct Lengths {
  uint32_t rows = 0;
  uint64_t ids = 0, payload = 0, overrides = 0;
  bool operator==(const Lengths&) const = default;
};

}  // namespace rhumb::segment
