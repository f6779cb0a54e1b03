#include "host/app/snapshots/make.h"

#include <utility>
#include <vector>

#include "host/app/snapshots/document.h"
#include "host/base/file.h"
#include "host/base/limits.h"
#include "host/base/log.h"
#include "host/base/uuid.h"

namespace rhumb::app {

using archive::PackFile;
using archive::SnapshotScope;
using base::Code;
using base::Result;
using base::Status;

namespace {

// The images of one snapshot, which are removed when it is made.
class Images {
 public:
  explicit Images(const SnapshotParts& parts) : parts_(parts) {}
  Images(const Images&) = delete;
  Images& operator=(const Images&) = delete;
  ~Images() {
    for (const std::string& directory : directories_) {
      if (const Status removed = base::remove_all(directory); !removed.ok())
        base::log_error("app", "the image of a snapshot stays until the next start",
                        {{"directory", directory}, {"error", removed.message()}});
    }
  }

  // Takes an image and lists its files, which have `prefix` in the archive.
  Result<shard::ImageManifest> take(uint64_t shard, const std::string& prefix,
                                    std::vector<PackFile>& files) {
    if (parts_.stopping()) return Status(Code::kUnavailable, "stopping");
    const std::string name = base::uuid_text(base::random_uuid());
    const std::string directory = parts_.images + "/" + name;
    RHUMB_ASSIGN(auto taken, answer_of<Result<shard::TakenImage>>([&](auto done) {
                   parts_.replicas->take_image(shard, name, std::move(done));
                 }));
    directories_.push_back(directory);
    std::vector<std::string> paths{shard::kImageManifest};
    for (const shard::ImageFile& file : taken.manifest.files) paths.push_back(file.path);
    for (const std::string& path : paths) {
      const std::string full = directory + "/" + path;
      RHUMB_ASSIGN(const base::File file, base::File::open_ro(full));
      RHUMB_ASSIGN(const uint64_t bytes, file.size());
      files.push_back({prefix + "/" + path, full, bytes});
    }
    return std::move(taken.manifest);
  }

 private:
  const SnapshotParts& parts_;
  std::vector<std::string> directories_;
};

SnapshotKind kind_of(const SnapshotScope& scope) {
  if (scope.collection.empty()) return SnapshotKind::kFull;
  return scope.shard ? SnapshotKind::kShard : SnapshotKind::kCollection;
}

SnapshotCollection describe(const model::Collection& collection) {
  SnapshotCollection out;
  out.name = collection.name;
  out.uuid = collection.uuid;
  out.router = collection.router;
  out.config = collection.config;
  out.shard_count = static_cast<uint32_t>(collection.shards.size());
  out.runs = collection.runs;
  for (model::BucketRun& run : out.runs) {
    for (uint32_t i = 0; i < out.shard_count; ++i) {
      if (collection.shards[i].shard == run.shard) {
        run.shard = i;
        break;
      }
    }
  }
  return out;
}

Result<SnapshotCollection> take_images(const model::Collection& collection,
                                       const SnapshotScope& scope, const std::string& directory,
                                       Images& images, std::vector<PackFile>& files) {
  SnapshotCollection out = describe(collection);
  for (uint32_t i = 0; i < out.shard_count; ++i) {
    if (scope.shard && *scope.shard != i) continue;
    SnapshotShard shard;
    shard.ordinal = i;
    shard.directory = directory + "/shards/" + std::to_string(i);
    RHUMB_ASSIGN(const shard::ImageManifest taken,
                 images.take(collection.shards[i].shard, shard.directory, files));
    shard.image = base::uuid_text(taken.uuid);
    shard.applied_index = taken.applied_index;
    shard.points = taken.points;
    out.shards.push_back(std::move(shard));
  }
  return out;
}

Status check_room(const base::File& file, const std::vector<PackFile>& files) {
  uint64_t bytes = base::limits::kDiskReserveBytes;
  for (const PackFile& f : files) bytes += f.length;
  RHUMB_ASSIGN(const uint64_t free, file.free_bytes());
  if (bytes <= free) return base::ok();
  return {Code::kNoSpace, "the snapshot may take " + std::to_string(bytes) +
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
                 take_images(*collection, scope, directory, images, files));
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
