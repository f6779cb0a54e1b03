#include "host/placement/map_table.h"

#include <algorithm>

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

  // Refuses a node that the cluster does not have.
  bool known(const std::vector<uint64_t>& nodes) {
    for (const uint64_t node : nodes) {
      if (map.nodes.contains(node)) continue;
      refuse(base::invalid("node " + std::to_string(node) + " is not in this cluster"));
      return false;
    }
    return true;
  }
  bool may_be_made(const std::string& name) {
    if (map.collections.contains(name))
      refuse({Code::kExists, "Collection `" + name + "` already exists!"});
    else if (map.aliases.contains(name))
      refuse({Code::kExists, "Alias `" + name + "` already exists!"});
    else if (map.collections.size() >= limits::kMaxCollections)
      refuse({Code::kBusy, "collections: " + std::to_string(limits::kMaxCollections) +
                               " exist, which is the limit"});
    return out.status.ok();
  }
  bool in_use(uint64_t shard) const {
    return std::any_of(map.collections.begin(), map.collections.end(),
                       [&](const auto& entry) { return entry.second->shard(shard) != nullptr; });
  }
  model::ShardPlacement place(uint64_t id, const std::vector<uint64_t>& nodes) {
    model::ShardPlacement shard{id, {}};
    for (const uint64_t node : nodes) shard.replicas.push_back({map.next_replica++, node});
    return shard;
  }
  // `runs` name shards by ordinal.
  void set(std::shared_ptr<model::Collection> collection, std::vector<model::BucketRun> runs) {
    for (model::BucketRun& run : runs) run.shard = collection->shards[run.shard].shard;
    collection->runs = std::move(runs);
    const std::string name = collection->name;
    map.collections[name] = std::move(collection);
    out.changed = true;
    out.collections.insert(name);
  }

  void operator()(const InitCluster& c) {
    if (!map.cluster_uuid.empty())
      return refuse({Code::kExists, "the cluster already has an identity"});
    map.cluster_uuid = c.cluster_uuid;
    map.nodes[c.first_node.id] = c.first_node;
    out.changed = true;
  }

  void operator()(const CreateCollection& c) {
    if (!may_be_made(c.name)) return;
    for (const auto& replicas : c.nodes) {
      if (!known(replicas)) return;
    }
    auto collection = std::make_shared<model::Collection>();
    collection->name = c.name;
    collection->uuid = c.uuid;
    collection->config_version = index;
    collection->config = c.config;
    collection->router = c.router;
    for (const auto& nodes : c.nodes) collection->shards.push_back(place(map.next_shard++, nodes));
    set(std::move(collection), c.runs);
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

  void operator()(const ReserveShards& c) {
    if (map.next_shard != c.first)
      return refuse({Code::kExists, "the next shard is " + std::to_string(map.next_shard) +
                                        ", not " + std::to_string(c.first)});
    map.next_shard += c.count;
    out.changed = true;
  }

  void operator()(const RestoreCollection& c) {
    const auto it = map.collections.find(c.name);
    const bool exists = it != map.collections.end();
    if ((exists ? it->second->config_version : 0) != c.seen_version)
      return refuse({Code::kExists, "Collection `" + c.name +
                                        "` was made, changed or dropped by another request in the "
                                        "meantime: try again"});
    if (!exists && !may_be_made(c.name)) return;
    const auto present = [&](uint64_t shard) {
      return exists ? it->second->shard(shard) : nullptr;
    };
    std::set<uint64_t> named;
    for (const RestoreCollection::Shard& s : c.shards) {
      if (!named.insert(s.shard).second)
        return refuse(base::invalid("shard " + std::to_string(s.shard) + " is named twice"));
      if (present(s.shard) != nullptr) continue;
      if (s.shard < model::kFirstShard || s.shard >= map.next_shard || in_use(s.shard))
        return refuse(base::invalid("shard " + std::to_string(s.shard) + " was not reserved"));
      if (!known(s.nodes)) return;
    }
    auto collection = std::make_shared<model::Collection>();
    collection->name = c.name;
    collection->uuid = exists ? it->second->uuid : c.uuid;
    collection->config_version = index;
    collection->config = c.config;
    collection->router = c.router;
    for (const RestoreCollection::Shard& s : c.shards) {
      const model::ShardPlacement* const kept = present(s.shard);
      collection->shards.push_back(kept != nullptr ? *kept : place(s.shard, s.nodes));
    }
    set(std::move(collection), c.runs);
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
