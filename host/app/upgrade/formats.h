// The formats of the manifests in a data directory. It reads nothing else and changes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/status.h"

namespace rhumb::app::upgrade {

// Formats that this release reads.
struct Formats {
  uint64_t oldest = 0, newest = 0;
};

struct ManifestFile {
  std::string path;
  Formats known;
};

// The manifests of all shards and segments. None before the first start.
std::vector<ManifestFile> manifests(const std::string& directory);

// kCorrupt if the file is not a manifest, kUnsupported (with both versions) if this release does
// not read its format.
base::Result<uint64_t> read_format(const ManifestFile& manifest);

// Manifests that cannot be read count as neither: whoever opens their shard reports them.
struct FormatCounts {
  size_t older = 0, newest = 0;
};
FormatCounts count_formats(const std::string& directory);

}  // namespace rhumb::app::upgrade
