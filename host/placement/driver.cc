#include "host/placement/driver.h"

#include <algorithm>
#include <map>

namespace rhumb::placement {
namespace {

using base::Code;
using base::Result;
using base::Status;

// Replicas per node, over all collections.
std::map<uint64_t, uint64_t> load_of(const model::ClusterMap& map) {
  std::map<uint64_t, uint64_t> load;
  for (const auto& [id, node] : map.nodes) load[id] = 0;
  for (const auto& [name, collection] : map.collections) {
    for (const model::ShardPlacement& shard : collection->shards) {
      for (const model::Replica& replica : shard.replicas) {
        if (const auto it = load.find(replica.node); it != load.end()) ++it->second;
      }
    }
  }
  return load;
}

// The `count` least loaded nodes, each of which gets one replica more.
std::vector<uint64_t> take_nodes(std::map<uint64_t, uint64_t>& load, size_t count) {
  std::vector<uint64_t> nodes;
  for (const auto& [id, replicas] : load) nodes.push_back(id);
  std::stable_sort(nodes.begin(), nodes.end(),
                   [&](uint64_t a, uint64_t b) { return load.at(a) < load.at(b); });
  nodes.resize(std::min(count, nodes.size()));
  for (const uint64_t node : nodes) ++load.at(node);
  return nodes;
}

}  // namespace

Result<CreationPlan> plan_creation(const model::ClusterMap& map, CreationRequest request,
                                   router::Router& router) {
  if (map.nodes.empty()) return Status(Code::kUnavailable, "the cluster is not ready yet");
  if (map.collections.contains(request.name))
    return Status(Code::kExists, "Collection `" + request.name + "` already exists!");
  if (map.aliases.contains(request.name))
    return Status(Code::kExists, "Alias `" + request.name + "` already exists!");
  CreationPlan plan;
  std::map<uint64_t, uint64_t> load = load_of(map);
  std::vector<uint64_t> ordinals;
  for (uint32_t i = 0; i < request.config.shard_number; ++i) {
    ordinals.push_back(i);
    plan.command.nodes.push_back(take_nodes(load, request.config.replication_factor));
  }
  RHUMB_ASSIGN(plan.command.runs, router.assign({}, ordinals));
  if (auto warning = replica_warning(request.config.replication_factor, map.nodes.size()))
    plan.warnings.push_back(*warning);
  plan.command.name = std::move(request.name);
  plan.command.uuid = std::move(request.uuid);
  plan.command.router = router.id();
  plan.command.config = std::move(request.config);
  return plan;
}

std::optional<std::string> replica_warning(uint32_t replication_factor, size_t replicas) {
  if (replicas >= replication_factor) return std::nullopt;
  return "replication_factor is " + std::to_string(replication_factor) + ", but shards have " +
         std::to_string(replicas) + (replicas == 1 ? " replica" : " replicas") +
         ": the cluster has too few nodes for more";
}

std::optional<std::string> replica_warning(const model::Collection& collection) {
  size_t fewest = SIZE_MAX;
  for (const model::ShardPlacement& shard : collection.shards)
    fewest = std::min(fewest, shard.replicas.size());
  return replica_warning(collection.config.replication_factor, fewest);
}

}  // namespace rhumb::placement
