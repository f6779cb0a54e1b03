#include "host/shard/image/verify.h"

#include <algorithm>

#include "host/shard/image/image_files.h"

namespace rhumb::shard {

using base::Result;
using base::Status;

namespace {

Status check_file(const std::string& directory, const ImageFile& file,
                  const std::function<bool()>& stop) {
  const std::string path = directory + "/" + file.path;
  RHUMB_ASSIGN(const FileSums found, sum_file(path, stop));
  if (found.bytes != file.sums.bytes)
    return base::corrupt(path + " has " + std::to_string(found.bytes) +
                         " bytes, the image's manifest says " + std::to_string(file.sums.bytes));
  const auto wrong =
      std::mismatch(found.crcs.begin(), found.crcs.end(), file.sums.crcs.begin()).first;
  if (wrong == found.crcs.end()) return base::ok();
  const auto block = static_cast<uint64_t>(wrong - found.crcs.begin());
  return base::corrupt(path + " at offset " + std::to_string(block * kImageBlockBytes) +
                       ": the checksum does not match");
}

// The files that are there are those that the manifest names.
Status check_names(const std::string& directory, const ImageManifest& manifest) {
  RHUMB_ASSIGN(const auto found, list_files(directory));
  for (const std::string& path : found) {
    if (path != kImageManifest && manifest.find(path) == nullptr)
      return base::corrupt(directory + "/" + path + " is not a file of the image");
  }
  for (const ImageFile& file : manifest.files) {
    if (!std::binary_search(found.begin(), found.end(), file.path))
      return base::corrupt(directory + "/" + file.path + " is missing from the image");
  }
  return base::ok();
}

}  // namespace

Result<ImageManifest> verify_names(const std::string& directory) {
  RHUMB_ASSIGN(ImageManifest manifest, read_image_manifest(directory));
  RHUMB_TRY(check_names(directory, manifest));
  return manifest;
}

Result<ImageManifest> verify_image(const std::string& directory,
                                   const std::function<bool()>& stop) {
  RHUMB_ASSIGN(ImageManifest manifest, verify_names(directory));
  for (const ImageFile& file : manifest.files) RHUMB_TRY(check_file(directory, file, stop));
  return manifest;
}

}  // namespace rhumb::shard
