// Changes of the metadata, as they travel to its leader and stand in its log: one JSON object with
// an "op". What must not depend on who applies it (uuid, bucket runs in terms of shard ordinals) is
// decided by the proposer; ids are handed out when the command is applied.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "host/base/status.h"
#include "host/model/collection.h"
#include "host/model/topology.h"

namespace rhumb::placement {

struct InitCluster {
  std::string cluster_uuid;
  model::Node first_node;
};
struct CreateCollection {
  std::string name, uuid;
  model::CollectionConfig config;
  std::string router;  // id of the router plugin
  // By shard (ordinal): the nodes of its replicas, at least one.
  std::vector<std::vector<uint64_t>> nodes;
  std::vector<model::BucketRun> runs;  // shard = ordinal
};
// Carries the whole new configuration, made from the one of seen_version.
struct UpdateCollection {
  std::string name;
  uint64_t seen_version = 0;
  model::CollectionConfig config;
};
struct DropCollection {
  std::string name;
};
struct AliasChange {
  enum class Kind : uint8_t { kCreate, kDelete, kRename } kind = Kind::kCreate;
  std::string collection, alias, new_alias;
};
struct ChangeAliases {
  std::vector<AliasChange> actions;
};

using Command =
    std::variant<InitCluster, CreateCollection, UpdateCollection, DropCollection, ChangeAliases>;

std::string to_json(const Command& command);
base::Result<Command> command_from_json(const std::string& json);

}  // namespace rhumb::placement
