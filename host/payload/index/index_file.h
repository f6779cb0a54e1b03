// The container of one payload index on disk (docs/formats/payload_index.md). A header names the
// field and the version through which the index was built. Sections follow, each with its own
// CRC32C. Reading verifies every byte before any of it is used.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "host/base/status.h"
#include "host/model/collection.h"

namespace rhumb::payload {

enum class SectionKind : uint32_t { kTerms = 1, kForward = 2, kLists = 3, kStates = 4 };

struct IndexFile {
  std::string field;  // canonical JSON path
  model::FieldType type = model::FieldType::kKeyword;
  uint32_t slots = 0;
  uint64_t through_version = 0;
  std::map<SectionKind, std::string> sections;
};

std::string index_file_name(std::string_view field);  // "payload-<16 hex digits>.idx"
bool is_index_file_name(std::string_view name);
std::string encode_index_file(const IndexFile& file);
// kCorrupt names the section and the byte offset.
base::Result<IndexFile> decode_index_file(std::string_view bytes);

}  // namespace rhumb::payload
