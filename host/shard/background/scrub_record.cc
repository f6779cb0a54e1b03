#include "host/shard/background/scrub_record.h"

#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "host/base/checked_json.h"
#include "host/base/file.h"
#include "host/segment/format.h"

namespace rhumb::shard {
namespace {

constexpr uint32_t kRecordFormat = 1;
constexpr uint64_t kMaxRecordBytes = 4096;
constexpr const char* kRecordFile = "/scrubbed.json";

uint64_t sealed_at(const std::string& directory) {
  struct stat known {};
  const std::string path = directory + "/" + segment::kManifestFile;
  return ::stat(path.c_str(), &known) == 0 ? static_cast<uint64_t>(known.st_mtime) : 0;
}

}  // namespace

ScrubRecord read_scrub_record(const std::string& directory) {
  const ScrubRecord none{sealed_at(directory), 0};
  const auto text = base::read_file(directory + kRecordFile, kMaxRecordBytes);
  if (!text.ok()) return none;
  const auto document = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  const auto number = [&](const char* key) -> uint64_t {
    const auto it = document.find(key);
    return it != document.end() && it->is_number_unsigned() ? it->get<uint64_t>() : 0;
  };
  if (!document.is_object() || number("format") != kRecordFormat ||
      base::checked_json_text(document) != *text)
    return none;
  return {number("intact_at"), number("blocks")};
}

base::Status write_scrub_record(const std::string& directory, const ScrubRecord& record) {
  return base::write_file_atomic(
      directory + kRecordFile,
      base::checked_json_text(
          {{"format", kRecordFormat}, {"intact_at", record.intact_at}, {"blocks", record.blocks}}));
}

}  // namespace rhumb::shard
