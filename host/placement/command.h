// Changes of the metadata, as they travel to the metadata leader and stand in its log: each is one
// JSON object with an "op". The proposer decides what must not depend on the replica that applies
// the command (the uuid, and bucket runs in terms of shard ordinals). Ids are assigned when the
// command is applied.
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
  // The nodes of each shard's replicas, by ordinal; at least one per shard.
  std::vector<std::vector<uint64_t>> nodes;
  std::vector<model::BucketRun> runs;  // a run's shard is an ordinal
};
// Carries the whole new configuration, which was made from the one of seen_version.
struct UpdateCollection {
  std::string name;
  uint64_t seen_version = 0;
  model::CollectionConfig config;
};
struct DropCollection {
  std::string name;
};
// Takes `count` ids of shards, so that their directories can be filled before a map names them. It
// is refused with kExists unless next_shard is `first`.
struct ReserveShards {
  uint64_t first = 0;
  uint32_t count = 0;
};
// Puts reserved shards in the place of a collection's shards, or makes the collection of them.
struct RestoreCollection {
  std::string name, uuid;
  uint64_t seen_version = 0;  // of the configuration; 0: there is no such collection
  model::CollectionConfig config;
  std::string router;
  struct Shard {
    uint64_t shard = 0;           // one that the collection has stays as it is
    std::vector<uint64_t> nodes;  // of a reserved shard's replicas
  };
  std::vector<Shard> shards;           // by ordinal
  std::vector<model::BucketRun> runs;  // a run's shard is an ordinal
};
struct AliasChange {
  enum class Kind : uint8_t { kCreate, kDelete, kRename } kind = Kind::kCreate;
  std::string collection, alias, new_alias;
};
struct ChangeAliases {
  std::vector<AliasChange> actions;
};

using Command = std::variant<InitCluster, CreateCollection, UpdateCollection, DropCollection,
                             ReserveShards, RestoreCollection, ChangeAliases>;

std::string to_json(const Command& command);
base::Result<Command> command_from_json(const std::string& json);

}  // namespace rhumb::placement
