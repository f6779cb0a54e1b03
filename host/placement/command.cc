#include "host/placement/command.h"

#include <nlohmann/json.hpp>

#include "host/base/limits.h"

namespace rhumb::placement {
namespace {

using nlohmann::json;

json config_json(const model::CollectionConfig& config) { return model::to_json(config); }

json runs_json(const std::vector<model::BucketRun>& all) {
  json runs = json::array();
  for (const model::BucketRun& r : all) runs.push_back({r.first, r.count, r.shard});
  return runs;
}

struct ToJson {
  json operator()(const InitCluster& c) const {
    return {{"op", "init"},
            {"cluster_uuid", c.cluster_uuid},
            {"node", c.first_node.id},
            {"address", c.first_node.address}};
  }
  json operator()(const CreateCollection& c) const {
    return {{"op", "create"},           {"name", c.name},
            {"uuid", c.uuid},           {"config", config_json(c.config)},
            {"router", c.router},       {"nodes", c.nodes},
            {"runs", runs_json(c.runs)}};
  }
  json operator()(const UpdateCollection& c) const {
    return {{"op", "update"},
            {"name", c.name},
            {"seen_version", c.seen_version},
            {"config", config_json(c.config)}};
  }
  json operator()(const DropCollection& c) const { return {{"op", "drop"}, {"name", c.name}}; }
  json operator()(const ReserveShards& c) const {
    return {{"op", "reserve"}, {"first", c.first}, {"count", c.count}};
  }
  json operator()(const RestoreCollection& c) const {
    json shards = json::array();
    for (const RestoreCollection::Shard& s : c.shards) shards.push_back({s.shard, s.nodes});
    return {{"op", "restore"},
            {"name", c.name},
            {"uuid", c.uuid},
            {"seen_version", c.seen_version},
            {"config", config_json(c.config)},
            {"router", c.router},
            {"shards", shards},
            {"runs", runs_json(c.runs)}};
  }
  json operator()(const ChangeAliases& c) const {
    json actions = json::array();
    for (const AliasChange& a : c.actions)
      actions.push_back({static_cast<int>(a.kind), a.collection, a.alias, a.new_alias});
    return {{"op", "aliases"}, {"actions", actions}};
  }
};

base::Result<model::CollectionConfig> config_of(const json& j) {
  return model::collection_config_from_json(j.at("config").get_ref<const std::string&>());
}

base::Result<std::vector<model::BucketRun>> runs_of(const json& j, size_t shards) {
  std::vector<model::BucketRun> runs;
  for (const json& r : j.at("runs"))
    runs.push_back({r.at(0).get<uint32_t>(), r.at(1).get<uint32_t>(), r.at(2).get<uint64_t>()});
  RHUMB_TRY(model::check_runs(runs));
  for (const model::BucketRun& r : runs) {
    if (r.shard >= shards)
      return base::corrupt("metadata command: bucket run names shard " + std::to_string(r.shard));
  }
  return runs;
}

base::Result<Command> create_from(const json& j) {
  CreateCollection c;
  c.name = j.at("name").get<std::string>();
  c.uuid = j.at("uuid").get<std::string>();
  RHUMB_ASSIGN(c.config, config_of(j));
  c.router = j.at("router").get<std::string>();
  for (const json& shard : j.at("nodes")) {
    // Logs of earlier versions have one node per shard in place of a list.
    c.nodes.push_back(shard.is_array() ? shard.get<std::vector<uint64_t>>()
                                       : std::vector{shard.get<uint64_t>()});
    if (c.nodes.back().empty()) return base::corrupt("metadata command: a shard without a node");
  }
  RHUMB_ASSIGN(c.runs, runs_of(j, c.nodes.size()));
  return Command(std::move(c));
}

base::Result<Command> restore_from(const json& j) {
  RestoreCollection c;
  c.name = j.at("name").get<std::string>();
  c.uuid = j.at("uuid").get<std::string>();
  c.seen_version = j.at("seen_version").get<uint64_t>();
  RHUMB_ASSIGN(c.config, config_of(j));
  c.router = j.at("router").get<std::string>();
  for (const json& shard : j.at("shards"))
    c.shards.push_back({shard.at(0).get<uint64_t>(), shard.at(1).get<std::vector<uint64_t>>()});
  for (const RestoreCollection::Shard& s : c.shards) {
    if (s.nodes.empty()) return base::corrupt("metadata command: a shard without a node");
  }
  RHUMB_ASSIGN(c.runs, runs_of(j, c.shards.size()));
  return Command(std::move(c));
}

base::Result<Command> reserve_from(const json& j) {
  const auto count = j.at("count").get<int64_t>();
  if (count < 1 || count > base::limits::kMaxShards)
    return base::corrupt("metadata command: " + std::to_string(count) + " shards to reserve");
  return Command(ReserveShards{j.at("first").get<uint64_t>(), static_cast<uint32_t>(count)});
}

base::Result<Command> from(const json& j) {
  const std::string op = j.at("op").get<std::string>();
  if (op == "create") return create_from(j);
  if (op == "restore") return restore_from(j);
  if (op == "reserve") return reserve_from(j);
  if (op == "drop") return Command(DropCollection{j.at("name").get<std::string>()});
  if (op == "init") {
    return Command(InitCluster{j.at("cluster_uuid").get<std::string>(),
                               {j.at("node").get<uint64_t>(), j.at("address").get<std::string>()}});
  }
  if (op == "update") {
    UpdateCollection c{j.at("name").get<std::string>(), j.at("seen_version").get<uint64_t>(), {}};
    RHUMB_ASSIGN(c.config, config_of(j));
    return Command(std::move(c));
  }
  if (op == "aliases") {
    ChangeAliases c;
    for (const json& a : j.at("actions")) {
      const auto kind = a.at(0).get<int64_t>();
      if (kind < 0 || kind > static_cast<int64_t>(AliasChange::Kind::kRename)) {
        return base::corrupt("metadata command: unknown alias action " + std::to_string(kind));
      }
      c.actions.push_back({static_cast<AliasChange::Kind>(kind), a.at(1).get<std::string>(),
                           a.at(2).get<std::string>(), a.at(3).get<std::string>()});
    }
    return Command(std::move(c));
  }
  return base::corrupt("metadata command: unknown op " + op);
}

}  // namespace

std::string to_json(const Command& command) { return std::visit(ToJson{}, command).dump(); }

base::Result<Command> command_from_json(const std::string& text) {
  try {
    return from(json::parse(text));
  } catch (const json::exception& e) {
    return base::corrupt(std::string("metadata command: ") + e.what());
  }
}

}  // namespace rhumb::placement
