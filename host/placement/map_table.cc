#include "host/placement/map_table.h"

#include "host/base/limits.h"

namespace rhumb::placement {
namespace {

using base::Code;
using base::Status;
namespace limits = base::limits;

Status missing(const std::string& name) {
  return base::not_found("Collection `" + name + "` doesn't exist!");
}

struct Apply {
  model::ClusterMap& map;
  const uint64_t index;
  Outcome out;

  void refuse(Status status) { out.status = std::move(status); }

  void operator()(const InitCluster& c) {
    if (!map.cluster_uuid.empty())
      return refuse({Code::kExists, "the cluster already has an identity"});
    map.cluster_uuid = c.cluster_uuid;
    map.nodes[c.first_node.id] = c.first_node;
    out.changed = true;
  }

  void operator()(const CreateCollection& c) {
    if (map.collections.contains(c.name))
      return refuse({Code::kExists, "Collection `" + c.name + "` already exists!"});
    if (map.aliases.contains(c.name))
      return refuse({Code::kExists, "Alias `" + c.name + "` already exists!"});
    if (map.collections.size() >= limits::kMaxCollections) {
      return refuse({Code::kBusy, "collections: " + std::to_string(limits::kMaxCollections) +
                                      " exist, which is the limit"});
    }
    for (const auto& replicas : c.nodes) {
      for (const uint64_t node : replicas) {
        if (!map.nodes.contains(node))
          return refuse(base::invalid("node " + std::to_string(node) + " is not in this cluster"));
      }
    }
    auto collection = std::make_shared<model::Collection>();
    collection->name = c.name;
    collection->uuid = c.uuid;
    collection->config_version = index;
    collection->config = c.config;
    collection->router = c.router;
    for (const auto& nodes : c.nodes) {
      model::ShardPlacement shard{map.next_shard++, {}};
      for (const uint64_t node : nodes) shard.replicas.push_back({map.next_replica++, node});
      collection->shards.push_back(std::move(shard));
    }
    for (model::BucketRun run : c.runs) {
      run.shard = collection->shards[run.shard].shard;
      collection->runs.push_back(run);
    }
    map.collections[c.name] = std::move(collection);
    out.changed = true;
    out.collections.insert(c.name);
  }

  void operator()(const UpdateCollection& c) {
    auto it = map.collections.find(c.name);
    if (it == map.collections.end()) return refuse(missing(c.name));
    if (it->second->config_version != c.seen_version) {
      return refuse(
          {Code::kExists,
           "Collection `" + c.name +
               "` was changed by another request in the meantime: read it and try again"});
    }
    auto changed = std::make_shared<model::Collection>(*it->second);
    changed->config = c.config;
    changed->config_version = index;
    it->second = std::move(changed);
    out.changed = true;
    out.collections.insert(c.name);
  }

  void operator()(const DropCollection& c) {
    if (map.collections.erase(c.name) == 0) return;
    out.changed = true;
    out.collections.insert(c.name);
    std::erase_if(map.aliases, [&](const auto& entry) {
      if (entry.second != c.name) return false;
      out.aliases.insert(entry.first);
      return true;
    });
  }

  // The actions run on a copy, so that all of them take effect or none.
  void operator()(const ChangeAliases& c) {
    auto aliases = map.aliases;
    std::set<std::string> touched;
    for (const AliasChange& a : c.actions) {
      if (a.kind == AliasChange::Kind::kCreate) {
        if (!map.collections.contains(a.collection)) return refuse(missing(a.collection));
        if (map.collections.contains(a.alias))
          return refuse({Code::kExists, "Collection `" + a.alias + "` already exists!"});
        aliases[a.alias] = a.collection;
        touched.insert(a.alias);
        continue;
      }
      auto it = aliases.find(a.alias);
      if (it == aliases.end())
        return refuse(base::not_found("Alias `" + a.alias + "` doesn't exist!"));
      const std::string target = it->second;
      aliases.erase(it);
      touched.insert(a.alias);
      if (a.kind == AliasChange::Kind::kDelete) continue;
      if (map.collections.contains(a.new_alias))
        return refuse({Code::kExists, "Collection `" + a.new_alias + "` already exists!"});
      aliases[a.new_alias] = target;
      touched.insert(a.new_alias);
    }
    map.aliases = std::move(aliases);
    out.changed = true;
    out.aliases = std::move(touched);
  }
};

}  // namespace

Outcome apply(model::ClusterMap& map, uint64_t index, const Command& command) {
  Apply visitor{map, index, {}};
  std::visit(visitor, command);
  map.version = index;
  return std::move(visitor.out);
}

}  // namespace rhumb::placement
