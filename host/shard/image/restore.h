// Makes a shard's directory of an image. The shard has a new id, and the log of its group begins at
// the image's index (Shard::begins_at).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/segment/manifest.h"
#include "host/shard/image/manifest.h"

namespace rhumb::shard {

struct RestoreOptions {
  std::string image;                         // the image's directory
  std::string directory;                     // shards/<id>, which must not be there
  uint64_t shard = 0;                        // the new id
  std::vector<segment::VectorSpec> vectors;  // of the collection
  // The caller has verified the image, or has just taken it: only its files' names are
  // compared with the manifest.
  bool verified = false;
  // The image is of no more use afterwards: files that would be copied are moved.
  bool may_move = false;
};

// Blocks. Files that are never written again are linked where the file system allows it, and the
// others are copied, so image and shard live on alone. Everything is checked first: kCorrupt names
// what is damaged, kInvalid the vector in which image and collection differ, kUnsupported both
// formats. After a failure or a crash there is no directory, but for an unfinished one
// (unfinished.h).
base::Result<ImageManifest> restore_image(const RestoreOptions& options);

}  // namespace rhumb::shard
