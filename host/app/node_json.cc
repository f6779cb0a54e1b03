// What the node tells of itself through the REST front.
#include <nlohmann/json.hpp>

#include "host/app/node.h"
#include "host/base/hex.h"
#include "host/base/version.h"

namespace rhumb::app {
using base::hex;
using nlohmann::json;

std::string Node::plugins_json() const {
  json plugins = json::array();
  for (const plugin::PluginInfo& p : plugins_->inventory()) {
    json engines = json::array();
    for (const plugin::EngineInfo& e : p.engines) {
      engines.push_back({{"kind", e.kind}, {"id", e.id}, {"version", e.version}, {"capabilities", e.caps}, {"memory_bytes", e.memory_bytes}});
    }
    json entry = {{"id", p.id}, {"version", p.version}, {"license", p.license}, {"file", p.file}, {"status", p.loaded ? "loaded" : "refused"},
                  {"abi", {{"major", p.abi_major}, {"minor_min", p.abi_minor_min}, {"minor_built", p.abi_minor_built}, {"draft", p.draft}}},
                  {"engines", engines}};
    if (!p.error.empty()) entry["error"] = p.error;
    plugins.push_back(std::move(entry));
  }
  return json{{"plugins", plugins}}.dump();
}

std::string Node::telemetry_json() const {
  const auto map = gateway_->map();
  uint64_t points = 0;
  for (const auto& replica : worker_->replicas().all()) {
    if (replica->serving) points += replica->shard->state().points;
  }
  return json{{"id", map->cluster_uuid},
              {"app", {{"name", "rhumb"}, {"version", base::kProtocolVersion}, {"rhumb_version", base::kRhumbVersion}}},
              {"collections", {{"number_of_collections", map->collections.size()}, {"points", points}}},
              {"cluster", {{"enabled", false}, {"map_version", map->version}}}}
      .dump();
}

void Node::verify_json(gateway::CollectionPtr collection, base::Deadline deadline, std::function<void(base::Result<std::string>)> done) {
  gateway_->verify(collection, deadline, [collection, done = std::move(done)](base::Result<std::vector<peer::VerifyReply>> replies) {
    if (!replies.ok()) return done(replies.status());
    bool ok = true;
    uint64_t points = 0;
    json shards = json::array();
    for (size_t i = 0; i < replies->size(); ++i) {
      const peer::VerifyReply& r = (*replies)[i];
      const bool good = r.error.empty() && r.kept_hash == r.computed_hash;
      ok = ok && good;
      points += r.points;
      json shard = {{"shard", collection->shards[i].shard}, {"ok", good}, {"applied_index", r.applied}, {"points", r.points},
                    {"content_hash", hex(r.kept_hash)}, {"computed_hash", hex(r.computed_hash)}};
      if (!r.error.empty()) shard["error"] = r.error;
      shards.push_back(std::move(shard));
    }
    done(json{{"ok", ok}, {"points", points}, {"shards", shards}}.dump());
  });
}

http::rest::RestOptions Node::rest_options() {
  http::rest::RestOptions options;
  options.gateway = gateway_.get();
  options.pool = pool_.get();
  options.plugins_json = [this] { return plugins_json(); };
  options.telemetry_json = [this] { return telemetry_json(); };
  options.verify_json = [this](gateway::CollectionPtr collection, base::Deadline deadline, std::function<void(base::Result<std::string>)> done) {
    verify_json(std::move(collection), deadline, std::move(done));
  };
  return options;
}

}  // namespace rhumb::app
