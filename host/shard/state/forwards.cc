#include "host/shard/state/forwards.h"

#include "host/base/bytes.h"
#include "host/base/file.h"
#include "host/base/limits.h"
#include "host/shard/state/tables.h"

namespace rhumb::shard {

using base::ByteReader;
using base::ByteWriter;
using base::Result;
using base::Status;

namespace {
constexpr uint32_t kSlotsMagic = 0x564f4d52;  // "RMOV"
constexpr uint32_t kSlotsFormat = 1;
constexpr size_t kHeadBytes = 12, kCrcBytes = 4;
constexpr uint16_t kRowVersion = 1;
}  // namespace

void follow(const Forwards& forwards, PointRow& row) {
  const auto it = forwards.find(row.segment);
  if (it == forwards.end() || row.slot >= it->second->slots.size()) return;
  const uint32_t slot = it->second->slots[row.slot];
  if (slot == Forward::kNowhere) return;
  row.segment = it->second->to;
  row.slot = slot;
}

Status write_slots(const std::string& path, const std::vector<uint32_t>& slots) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u32(kSlotsMagic);
  out.u32(kSlotsFormat);
  out.u32(static_cast<uint32_t>(slots.size()));
  bytes.append(reinterpret_cast<const char*>(slots.data()), slots.size() * sizeof(uint32_t));
  const uint32_t crc = base::crc32c(bytes);
  out.u32(crc);
  return base::write_file_atomic(path, bytes);
}

Result<std::vector<uint32_t>> read_slots(const std::string& path) {
  constexpr uint64_t kMaxBytes = 16 * base::limits::kGiB;
  RHUMB_ASSIGN(const std::string bytes, base::read_file(path, kMaxBytes));
  ByteReader in(bytes);
  const uint32_t magic = in.u32(), format = in.u32(), count = in.u32();
  if (magic == kSlotsMagic && format != kSlotsFormat)
    return base::unsupported(path + ": format " + std::to_string(format) + ", this release reads " +
                             std::to_string(kSlotsFormat));
  const uint64_t body = kHeadBytes + uint64_t{count} * sizeof(uint32_t);
  const bool whole = magic == kSlotsMagic && bytes.size() == body + kCrcBytes &&
                     ByteReader(std::string_view(bytes).substr(body)).u32() ==
                         base::crc32c(std::string_view(bytes).substr(0, body));
  if (!whole) return base::corrupt(path + " at offset 0: a damaged file of slots");
  std::vector<uint32_t> slots(count);
  std::memcpy(slots.data(), bytes.data() + kHeadBytes, count * sizeof(uint32_t));
  return slots;
}

std::string encode_forward(uint32_t to) {
  std::string fields;
  ByteWriter(fields).u32(to);
  std::string bytes;
  ByteWriter out(bytes);
  out.u16(kRowVersion);
  out.u32(static_cast<uint32_t>(fields.size()));
  return bytes + fields;
}

Result<uint32_t> decode_forward(std::string_view bytes) {
  ByteReader in(bytes);
  const uint16_t version = in.u16();
  const uint32_t length = in.u32();
  const uint32_t to = in.u32();
  if (version < kRowVersion || length < sizeof(to) || bytes.size() != 6 + uint64_t{length})
    return base::corrupt("key-value store: damaged forward of a segment");
  return to;
}

}  // namespace rhumb::shard
