// Reads every byte of an image and compares it with the image's manifest.
#pragma once

#include <functional>
#include <string>

#include "host/base/status.h"
#include "host/shard/image/manifest.h"

namespace rhumb::shard {

// Blocks for as long as the reading takes. A file that is missing, is not in the manifest, has
// another size or another byte is named, with the offset of the block: kCorrupt. `stop` is asked
// between blocks, and true ends the reading with kCancelled.
base::Result<ImageManifest> verify_image(const std::string& directory,
                                         const std::function<bool()>& stop = {});

// Reads the manifest and compares the names of the files with it, and nothing else.
base::Result<ImageManifest> verify_names(const std::string& directory);

}  // namespace rhumb::shard
