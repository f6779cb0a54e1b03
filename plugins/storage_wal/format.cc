#include "format.h"

#include <bit>
#include <cstring>

#include "rhumb/cpp/crc32c.h"

namespace rhumb::wal {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the format is written in the machine's byte order");

template <typename T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <typename T>
T get(std::string_view in, size_t offset) {
  T value{};
  std::memcpy(&value, in.data() + offset, sizeof(value));
  return value;
}

// A header starts with the checksum of its other bytes.
std::string sealed(std::string header) {
  const uint32_t crc = crc32c(std::string_view(header).substr(4));
  std::memcpy(header.data(), &crc, sizeof(crc));
  return header;
}

bool checksum_fits(std::string_view header) {
  return get<uint32_t>(header, 0) == crc32c(header.substr(4));
}

}  // namespace

std::string encode(const SegmentHeader& header) {
  std::string out;
  put<uint32_t>(out, 0);
  put<uint32_t>(out, kSegmentMagic);
  put<uint32_t>(out, header.version);
  put<uint32_t>(out, 0);
  put<uint64_t>(out, header.number);
  put<uint64_t>(out, header.capacity);
  put<uint64_t>(out, header.stamp);
  out.resize(kSegmentHeaderBytes, '\0');
  return sealed(std::move(out));
}

std::string encode(const BatchHeader& header) {
  std::string out;
  put<uint32_t>(out, 0);
  put<uint32_t>(out, kBatchMagic);
  put<uint64_t>(out, header.stamp);
  put<uint64_t>(out, header.offset);
  put<uint64_t>(out, header.bytes);
  put<uint64_t>(out, header.records);
  put<uint64_t>(out, header.sequence);
  put<uint64_t>(out, header.synced_to.segment);
  put<uint64_t>(out, header.synced_to.offset);
  return sealed(std::move(out));
}

void append_record(std::string& out, const Record& record) {
  const size_t start = out.size();
  put<uint32_t>(out, 0);
  put<uint32_t>(out, static_cast<uint32_t>(record.data.size()));
  put<uint64_t>(out, record.group);
  put<uint64_t>(out, record.index);
  put<uint64_t>(out, record.term);
  put<uint16_t>(out, record.type);
  put<uint16_t>(out, record.flags);
  put<uint32_t>(out, 0);
  out.append(record.data);
  const uint32_t crc = crc32c(std::string_view(out).substr(start + 4));
  std::memcpy(out.data() + start, &crc, sizeof(crc));
  out.resize(start + record_bytes(record.data.size()), '\0');
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes) return std::nullopt;
  bytes = bytes.substr(0, kSegmentHeaderBytes);
  if (get<uint32_t>(bytes, 4) != kSegmentMagic || !checksum_fits(bytes)) return std::nullopt;
  return SegmentHeader{get<uint64_t>(bytes, 16), get<uint64_t>(bytes, 24), get<uint64_t>(bytes, 32),
                       get<uint32_t>(bytes, 8)};
}

std::optional<BatchHeader> decode_batch_header(std::string_view bytes) {
  if (bytes.size() < kBatchHeaderBytes) return std::nullopt;
  bytes = bytes.substr(0, kBatchHeaderBytes);
  if (get<uint32_t>(bytes, 4) != kBatchMagic || !checksum_fits(bytes)) return std::nullopt;
  BatchHeader header;
  header.stamp = get<uint64_t>(bytes, 8);
  header.offset = get<uint64_t>(bytes, 16);
  header.bytes = get<uint64_t>(bytes, 24);
  header.records = get<uint64_t>(bytes, 32);
  header.sequence = get<uint64_t>(bytes, 40);
  header.synced_to = {get<uint64_t>(bytes, 48), get<uint64_t>(bytes, 56)};
  return header;
}

std::optional<Record> decode_record(std::string_view bytes) {
  if (bytes.size() < kRecordHeaderBytes) return std::nullopt;
  const uint64_t length = get<uint32_t>(bytes, 4);
  if (bytes.size() < record_bytes(length)) return std::nullopt;
  if (get<uint32_t>(bytes, 0) != crc32c(bytes.substr(4, kRecordHeaderBytes - 4 + length)))
    return std::nullopt;
  const std::string_view padding =
      bytes.substr(kRecordHeaderBytes + length, record_bytes(length) - kRecordHeaderBytes - length);
  if (padding.find_first_not_of('\0') != std::string_view::npos) return std::nullopt;
  Record record;
  record.group = get<uint64_t>(bytes, 8);
  record.index = get<uint64_t>(bytes, 16);
  record.term = get<uint64_t>(bytes, 24);
  record.type = get<uint16_t>(bytes, 32);
  record.flags = get<uint16_t>(bytes, 34);
  record.data = bytes.substr(kRecordHeaderBytes, length);
  if (!is_known_type(record.type)) return std::nullopt;
  return record;
}

}  // namespace rhumb::wal
