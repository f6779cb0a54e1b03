#include "host/app/snapshots/make.h"

#include <utility>
#include <vector>

#include "host/app/snapshots/images.h"
#include "host/base/file.h"
#include "host/base/limits.h"

namespace rhumb::app {

using archive::PackFile;
using archive::SnapshotScope;
using base::Result;
using base::Status;

namespace {

// Lists the files of an image. Their names in the archive begin with `prefix`.
Status list_files(const std::string& directory, const std::string& prefix,
                  const shard::ImageManifest& manifest, std::vector<PackFile>& files) {
  std::vector<std::string> paths{shard::kImageManifest};
  for (const shard::ImageFile& file : manifest.files) paths.push_back(file.path);
  for (const std::string& path : paths) {
    const std::string full = directory + "/" + path;
    RHUMB_ASSIGN(const base::File file, base::File::open_ro(full));
    RHUMB_ASSIGN(const uint64_t bytes, file.size());
    files.push_back({prefix + "/" + path, full, bytes});
  }
  return base::ok();
}

SnapshotKind kind_of(const SnapshotScope& scope) {
  if (scope.collection.empty()) return SnapshotKind::kFull;
  return scope.shard ? SnapshotKind::kShard : SnapshotKind::kCollection;
}

Result<SnapshotCollection> take_images(const SnapshotParts& parts,
                                       const model::Collection& collection,
                                       const SnapshotScope& scope, const std::string& directory,
                                       Images& images, std::vector<PackFile>& files) {
  SnapshotCollection out = describe(collection);
  for (uint32_t i = 0; i < out.shard_count; ++i) {
    if (scope.shard && *scope.shard != i) continue;
    RHUMB_ASSIGN(const Images::Taken taken, images.take(collection.shards[i].shard));
    SnapshotShard shard = describe(i, taken.manifest);
    shard.directory = directory + "/shards/" + std::to_string(i);
    RHUMB_TRY(list_files(parts.images + "/" + taken.name, shard.directory, taken.manifest, files));
    out.shards.push_back(std::move(shard));
  }
  return out;
}

Status check_room(const base::File& file, const std::vector<PackFile>& files) {
  uint64_t bytes = base::limits::kDiskReserveBytes;
  for (const PackFile& f : files) bytes += f.length;
  RHUMB_ASSIGN(const uint64_t free, file.free_bytes());
  if (bytes <= free) return base::ok();
  return {base::Code::kNoSpace, "the snapshot may take " + std::to_string(bytes) +
                                    " bytes with the reserve, and " + std::to_string(free) +
                                    " bytes are free where snapshots are kept"};
}

}  // namespace

Result<archive::SnapshotFile> make_snapshot(const SnapshotParts& parts,
                                            const SnapshotScope& scope) {
  const auto map = parts.gateway->map();
  Images images(parts);
  SnapshotDocument document;
  document.kind = kind_of(scope);
  std::vector<PackFile> files(1);
  for (const auto& [name, collection] : map->collections) {
    if (!scope.collection.empty() && name != scope.collection) continue;
    const std::string directory = "collections/" + std::to_string(document.collections.size());
    RHUMB_ASSIGN(SnapshotCollection described,
                 take_images(parts, *collection, scope, directory, images, files));
    document.collections.push_back(std::move(described));
  }
  if (document.kind == SnapshotKind::kFull)
    document.aliases = map->aliases;
  else if (document.collections.empty())
    return base::not_found("Collection `" + scope.collection + "` doesn't exist!");
  files.front().name = kSnapshotDocument;
  files.front().text = to_text(document);
  RHUMB_ASSIGN(archive::NewSnapshot made, parts.store->begin(scope));
  RHUMB_TRY(check_room(made.file(), files));
  RHUMB_ASSIGN(const archive::Packed packed,
               archive::pack_into(made.file(), std::move(files), parts.stopping));
  return made.commit(packed);
}

}  // namespace rhumb::app
