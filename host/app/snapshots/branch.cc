#include "host/app/snapshots/branch.h"

#include "host/app/snapshots/images.h"
#include "host/app/snapshots/prepared.h"

namespace rhumb::app {

using base::Status;

Status branch_collection(const SnapshotParts& parts, const std::string& collection,
                         const std::string& name) {
  const auto map = parts.gateway->map();
  const auto from = map->collections.find(collection);
  if (from == map->collections.end())
    return base::not_found("Collection `" + collection + "` doesn't exist!");
  if (map->collections.contains(name))
    return {base::Code::kExists, "Collection `" + name + "` already exists!"};
  Images images(parts);
  SnapshotCollection described = describe(*from->second);
  for (uint32_t i = 0; i < described.shard_count; ++i) {
    RHUMB_ASSIGN(const Images::Taken taken, images.take(from->second->shards[i].shard));
    described.shards.push_back(describe(i, taken.manifest));
    described.shards.back().directory = taken.name;
  }
  Prepared branch(parts, parts.images, /*own=*/true);
  RHUMB_TRY(branch.prepare(name, nullptr, described, {}));
  return branch.commit();
}

}  // namespace rhumb::app
