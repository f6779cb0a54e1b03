#include "host/shard/image/restore.h"

#include <cstdio>

#include "host/base/file.h"
#include "host/shard/image/image_files.h"
#include "host/shard/image/unfinished.h"
#include "host/shard/image/verify.h"
#include "host/shard/recovery/recover.h"

namespace rhumb::shard {

using base::Result;
using base::Status;

namespace {

Status bring(const RestoreOptions& options, const std::string& to, const ImageFile& file) {
  const size_t slash = file.path.rfind('/');
  if (slash != std::string::npos) RHUMB_TRY(base::make_dirs(to + "/" + file.path.substr(0, slash)));
  const std::string source = options.image + "/" + file.path, target = to + "/" + file.path;
  if (may_be_linked(file.path)) return link_file(source, target);
  if (options.may_move && std::rename(source.c_str(), target.c_str()) == 0) return base::ok();
  return copy_file(source, target, file.sums.bytes);
}

Status fill(const RestoreOptions& options, const ImageManifest& manifest,
            const std::string& directory) {
  for (const ImageFile& file : manifest.files) RHUMB_TRY(bring(options, directory, file));
  RHUMB_TRY(write_directory_manifest(directory, options.shard, manifest.applied_index));
  return sync_directories(directory);
}

}  // namespace

Result<ImageManifest> restore_image(const RestoreOptions& options) {
  RHUMB_ASSIGN(const ImageManifest manifest,
               options.verified ? verify_names(options.image) : verify_image(options.image));
  RHUMB_TRY(check_vectors(manifest, options.vectors).within(options.image));
  RHUMB_ASSIGN(const std::string unfinished, begin_directory(options.directory));
  Status filled = fill(options, manifest, unfinished);
  if (filled.ok()) filled = finish_directory(options.directory);
  if (filled.ok()) return manifest;
  abandon_directory(options.directory);
  return filled.within("restoring " + options.image);
}

}  // namespace rhumb::shard
