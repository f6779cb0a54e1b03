#include "host/app/upgrade/formats.h"

#include <nlohmann/json.hpp>

#include "host/base/file.h"
#include "host/base/limits.h"
#include "host/segment/format.h"
#include "host/shard/recovery/recover.h"

namespace rhumb::app::upgrade {
namespace {

constexpr Formats kShard = {shard::kOldestDirectoryFormat, shard::kDirectoryFormat};
constexpr Formats kSegment = {segment::kOldestFormat, segment::kFormat};

}  // namespace

std::vector<ManifestFile> manifests(const std::string& directory) {
  std::vector<ManifestFile> found;
  // A creation that was cut short leaves a directory without a manifest.
  const auto add = [&found](const std::string& home, const Formats& known) {
    const std::string path = home + "/" + segment::kManifestFile;
    if (base::exists(path)) found.push_back({path, known});
  };
  const auto shards = base::list_dir(directory + "/shards");
  if (!shards.ok()) return found;
  for (const std::string& shard : *shards) {
    const std::string home = directory + "/shards/" + shard;
    add(home, kShard);
    const auto segments = base::list_dir(home + "/segments");
    if (!segments.ok()) continue;
    for (const std::string& segment : *segments) add(home + "/segments/" + segment, kSegment);
  }
  return found;
}

base::Result<uint64_t> read_format(const ManifestFile& manifest) {
  const std::string& path = manifest.path;
  RHUMB_ASSIGN(const std::string text,
               base::read_file(path, base::limits::kMaxSegmentManifestBytes));
  const auto document = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto format = document.is_object() ? document.find("format") : document.end();
  if (!document.is_object() || format == document.end() || !format->is_number_unsigned())
    return base::corrupt(path + " is not a manifest");
  const auto number = format->get<uint64_t>();
  if (number < manifest.known.oldest || number > manifest.known.newest)
    return base::unsupported(
        path + " has format " + std::to_string(number) + ", and this release reads formats " +
        std::to_string(manifest.known.oldest) + " to " + std::to_string(manifest.known.newest));
  return number;
}

FormatCounts count_formats(const std::string& directory) {
  FormatCounts counts;
  for (const ManifestFile& manifest : manifests(directory)) {
    const auto format = read_format(manifest);
    if (format.ok()) ++(*format < manifest.known.newest ? counts.older : counts.newest);
  }
  return counts;
}

}  // namespace rhumb::app::upgrade
