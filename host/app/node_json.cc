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

namespace {

json contract_of(const peer::ContractReply& r) {
  json out = {{"samples", r.samples}, {"samples_total", r.samples_total}, {"recall", nullptr}, {"low", nullptr}, {"high", nullptr}};
  if (r.samples > 0) out.update({{"recall", r.mean}, {"low", r.low}, {"high", r.high}});
  return out;
}

// Of all shards together, as if each had been measured by its share of the samples: bounds are a little wide.
json together(const std::vector<peer::ContractReply>& replies) {
  peer::ContractReply all;
  all.mean = all.low = all.high = 0;
  for (const peer::ContractReply& r : replies) {
    all.samples += r.samples;
    all.samples_total += r.samples_total;
    all.mean += static_cast<double>(r.samples) * r.mean;
    all.low += static_cast<double>(r.samples) * r.low;
    all.high += static_cast<double>(r.samples) * r.high;
  }
  for (double* sum : {&all.mean, &all.low, &all.high}) *sum /= std::max<double>(1, static_cast<double>(all.samples));
  return contract_of(all);
}

}  // namespace

void Node::contract_json(gateway::CollectionPtr collection, base::Deadline deadline, std::function<void(base::Result<std::string>)> done) {
  gateway_->contract(collection, deadline, [collection, done = std::move(done)](base::Result<std::vector<peer::ContractReply>> replies) {
    if (!replies.ok()) return done(replies.status());
    const double asked = model::contract_of(collection->config).recall;
    json shards = json::array();
    for (size_t i = 0; i < replies->size(); ++i) {
      const peer::ContractReply& r = (*replies)[i];
      json actions = json::array();
      for (const auto& [wall_ms, what] : r.actions) actions.push_back({{"unix_ms", wall_ms}, {"action", what}});
      shards.push_back({{"shard", collection->shards[i].shard}, {"measured", contract_of(r)}, {"widen", r.widen}, {"actions", actions},
                        {"segments", r.calibration_json.empty() ? json::array() : json::parse(r.calibration_json)}});
    }
    json measured = together(*replies);
    const bool known = asked > 0 && !measured["recall"].is_null();
    done(json{{"asked", {{"recall", asked > 0 ? json(asked) : json()}}}, {"measured", measured},
              {"kept", known ? json(measured["high"].get<double>() >= asked) : json()}, {"shards", shards}}
             .dump());
  });
}

http::rest::RestOptions Node::rest_options() {
  http::rest::RestOptions options;
  options.gateway = gateway_.get();
  options.pool = pool_.get();
  options.plugins_json = [this] { return plugins_json(); };
  options.telemetry_json = [this] { return telemetry_json(); };
  options.contract_json = [this](gateway::CollectionPtr collection, base::Deadline deadline, std::function<void(base::Result<std::string>)> done) {
    contract_json(std::move(collection), deadline, std::move(done));
  };
  options.verify_json = [this](gateway::CollectionPtr collection, base::Deadline deadline, std::function<void(base::Result<std::string>)> done) {
    verify_json(std::move(collection), deadline, std::move(done));
  };
  return options;
}

}  // namespace rhumb::app
