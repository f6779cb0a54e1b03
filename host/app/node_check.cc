// `rhumbd check`: what GET {collection}/verify says of every collection, of a directory that nobody serves.
#include <future>

#include "host/app/node.h"
#include "host/shard/shard.h"

namespace rhumb::app {

using base::Result;
using worker::ReplicaPtr;

namespace {

std::string describe(const shard::Verification& v) { return std::to_string(v.points) + " points, applied through " + std::to_string(v.applied); }

}  // namespace

bool Node::check(const std::function<void(const std::string&)>& line) {
  bool whole = true;
  const auto map = gateway_->map();
  for (const auto& [name, collection] : map->collections) {
    for (const model::ShardPlacement& placement : collection->shards) {
      const std::string which = "collection " + name + ", shard " + std::to_string(placement.shard) + ": ";
      std::promise<Result<ReplicaPtr>> opened;
      worker_->replicas().await(placement.shard, collection->config_version, [&](Result<ReplicaPtr> replica) { opened.set_value(std::move(replica)); });
      const Result<ReplicaPtr> replica = opened.get_future().get();
      const Result<shard::Verification> found =
          replica.ok() ? (*replica)->shard->verify({}) : Result<shard::Verification>(replica.status());
      const bool good = found.ok() && found->error.empty() && found->kept == found->computed;
      whole = whole && good;
      if (good) line(which + describe(*found) + ", whole");
      else line(which + "DAMAGED: " + (found.ok() ? found->error : found.status().message()));
    }
  }
  if (map->collections.empty()) line("no collections");
  return whole;
}

}  // namespace rhumb::app
