#include "host/payload/index/index_file.h"

#include <xxhash.h>

#include "host/base/bytes.h"
#include "host/base/file.h"
#include "host/base/hex.h"
#include "host/base/limits.h"

namespace rhumb::payload {
namespace {

constexpr std::string_view kMagic = "RHUMBPIX";
constexpr uint16_t kFormat = 1;
// The format of float indexes. Format 1 did not mark the rows whose numbers it had rounded.
constexpr uint16_t kFloatFormat = 2;
constexpr size_t kNameBytes = 28;  // "payload-", 16 digits, ".idx"
constexpr SectionKind kSections[] = {SectionKind::kTerms, SectionKind::kForward,
                                     SectionKind::kLists, SectionKind::kStates};

uint16_t format_of(model::FieldType type) {
  return type == model::FieldType::kFloat ? kFloatFormat : kFormat;
}

}  // namespace

std::string index_file_name(std::string_view field) {
  return "payload-" + base::hex(uint64_t{XXH64(field.data(), field.size(), 0)}) + ".idx";
}

bool is_index_file_name(std::string_view name) {
  return name.size() == kNameBytes && name.starts_with("payload-") && name.ends_with(".idx");
}

std::string encode_index_file(const IndexFile& file) {
  std::string out;
  base::ByteWriter writer(out);
  writer.raw(kMagic);
  writer.u16(format_of(file.type));
  writer.u16(static_cast<uint16_t>(file.type));
  writer.u32(file.slots);
  writer.u64(file.through_version);
  writer.blob(file.field);
  writer.u32(base::crc32c(out));
  for (const SectionKind kind : kSections) {
    const std::string& body = file.sections.at(kind);
    const size_t begin = out.size();
    writer.u32(static_cast<uint32_t>(kind));
    writer.u64(body.size());
    writer.raw(body);
    writer.u32(base::crc32c(std::string_view(out).substr(begin)));
  }
  return out;
}

base::Result<IndexFile> decode_index_file(std::string_view bytes) {
  base::ByteReader reader(bytes);
  IndexFile file;
  const auto fault = [&](std::string_view what) {
    return base::corrupt("payload index: " + std::string(what) + " at byte " +
                         std::to_string(reader.offset()));
  };
  if (reader.raw(kMagic.size()) != kMagic) return fault("the file is not a payload index");
  const uint16_t format = reader.u16(), type = reader.u16();
  if (format == kFormat && type == static_cast<uint16_t>(model::FieldType::kFloat)) {
    return base::not_found("the float index has format 1, which does not mark rounded numbers");
  }
  if (format != format_of(static_cast<model::FieldType>(type)))
    return fault("format " + std::to_string(format) + ", this release reads " +
                 std::to_string(format_of(static_cast<model::FieldType>(type))));
  file.slots = reader.u32();
  file.through_version = reader.u64();
  const std::string_view field = reader.blob();
  const uint32_t header_crc = base::crc32c(bytes.substr(0, reader.offset()));
  if (reader.u32() != header_crc || reader.failed()) return fault("the header is damaged");
  if (field.size() > base::limits::kMaxFieldPathBytes || type < 1 ||
      type > static_cast<uint16_t>(model::FieldType::kText)) {
    return fault("the header is out of range");
  }
  file.field = field;
  file.type = static_cast<model::FieldType>(type);
  for (const SectionKind kind : kSections) {
    const std::string name = "section " + std::to_string(static_cast<uint32_t>(kind));
    const size_t begin = reader.offset();
    const uint32_t found = reader.u32();
    const uint64_t size = reader.u64();
    if (reader.failed() || found != static_cast<uint32_t>(kind) || size > reader.remaining())
      return fault(name + " is missing or cut short");
    file.sections[kind] = reader.raw(size);
    const uint32_t crc = base::crc32c(bytes.substr(begin, reader.offset() - begin));
    if (reader.u32() != crc || reader.failed()) return fault(name + " is damaged");
  }
  if (!reader.done()) return fault("there are bytes after the end");
  return file;
}

}  // namespace rhumb::payload
