// Decides which nodes hold which replicas of a collection, and which shard owns which buckets. Pure
// functions of the cluster map and the request, so that a test or a simulator can ask them
// anything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/model/topology.h"
#include "host/placement/command.h"
#include "host/router/router.h"

namespace rhumb::placement {

struct CreationRequest {
  std::string name, uuid;
  model::CollectionConfig config;
};

struct CreationPlan {
  CreateCollection command;
  std::vector<std::string> warnings;  // for the reply: what the request asked for and does not get
};

// Replicas of one shard lie on different nodes. Each replica goes to the node that holds the fewest
// replicas at that moment, and among equals to the one with the lowest id. kUnavailable: the map
// has no node yet. kExists: the name is taken.
base::Result<CreationPlan> plan_creation(const model::ClusterMap& map, CreationRequest request,
                                         router::Router& router);

// A replication factor that the cluster cannot give is kept as a wish: shards get one replica per
// node. The text says so; none: shards have as many replicas as the factor asks for.
std::optional<std::string> replica_warning(uint32_t replication_factor, size_t replicas);
// The same for a collection as it is, by its shard with the fewest replicas.
std::optional<std::string> replica_warning(const model::Collection& collection);

}  // namespace rhumb::placement
