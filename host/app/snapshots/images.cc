#include "host/app/snapshots/images.h"

#include <utility>

#include "host/base/file.h"
#include "host/base/log.h"
#include "host/base/uuid.h"

namespace rhumb::app {

using base::Code;
using base::Result;
using base::Status;

Images::~Images() {
  for (const std::string& directory : directories_) {
    if (const Status removed = base::remove_all(directory); !removed.ok())
      base::log_error("app", "an image stays until the next start",
                      {{"directory", directory}, {"error", removed.message()}});
  }
}

Result<Images::Taken> Images::take(uint64_t shard) {
  if (parts_.stopping()) return Status(Code::kUnavailable, "stopping");
  const std::string name = base::uuid_text(base::random_uuid());
  RHUMB_ASSIGN(auto taken, answer_of<Result<shard::TakenImage>>([&](auto done) {
                 parts_.replicas->take_image(shard, name, std::move(done));
               }));
  directories_.push_back(parts_.images + "/" + name);
  return Taken{std::move(taken.manifest), name};
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
    uint32_t ordinal = 0;
    while (collection.shards.at(ordinal).shard != run.shard) ++ordinal;
    run.shard = ordinal;
  }
  return out;
}

SnapshotShard describe(uint32_t ordinal, const shard::ImageManifest& taken) {
  return {ordinal, {}, base::uuid_text(taken.uuid), taken.applied_index, taken.points};
}

}  // namespace rhumb::app
