// What an image says about itself (docs/formats/image.md): the state that it holds, and each of its
// files with size, checksums, lineage and key. The file is JSON with a checksum over all of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/limits.h"
#include "host/base/status.h"
#include "host/base/uuid.h"
#include "host/segment/format.h"
#include "host/segment/manifest.h"
#include "host/shard/image/image_files.h"

namespace rhumb::shard {

inline constexpr uint32_t kImageFormat = 1;
inline constexpr char kImageManifest[] = "manifest";
inline constexpr uint64_t kMaxImageManifestBytes = 256 * base::limits::kMiB;

struct ImageFile {
  std::string path;  // relative to the image, with '/' between names
  FileSums sums;
  // Files of one lineage come from the same segment, wherever they are. Files that belong to no
  // segment have the image's own UUID.
  base::Uuid lineage{};
  uint32_t key_id = 0;  // the key that the file is encrypted with, 0 = none
};

struct ImageManifest {
  base::Uuid uuid{};
  uint64_t shard = 0;  // from which the image was taken
  uint64_t applied_index = 0;
  uint64_t points = 0;
  segment::Hash content_hash{};
  // The buckets of the shard, and how often they were changed. A shard has all 4,096 and 1 today.
  uint32_t bucket_first = 0, bucket_count = 4096;
  uint64_t epoch = 1;
  uint64_t config_version = 0;
  // Only name, size, distance, datatype and multivector are stored.
  std::vector<segment::VectorSpec> vectors;
  std::vector<ImageFile> files;  // by path

  const ImageFile* find(const std::string& path) const;
  uint64_t bytes() const;
};

base::Status write_image_manifest(const std::string& directory, const ImageManifest& manifest);
// kUnsupported names both formats if it is not kImageFormat; kCorrupt means that it is not as it
// was written.
base::Result<ImageManifest> read_image_manifest(const std::string& directory);
// kInvalid says in which vector the image and the collection differ.
base::Status check_vectors(const ImageManifest& manifest,
                           const std::vector<segment::VectorSpec>& wanted);

}  // namespace rhumb::shard
