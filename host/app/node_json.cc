// The node's reports about itself, for the REST front.
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
      engines.push_back({{"kind", e.kind},
                         {"id", e.id},
                         {"version", e.version},
                         {"capabilities", e.caps},
                         {"memory_bytes", e.memory_bytes}});
    }
    json entry = {{"id", p.id},
                  {"version", p.version},
                  {"license", p.license},
                  {"file", p.file},
                  {"status", p.loaded ? "loaded" : "refused"},
                  {"abi",
                   {{"major", p.abi_major},
                    {"minor_min", p.abi_minor_min},
                    {"minor_built", p.abi_minor_built},
                    {"draft", p.draft}}},
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
  return json{
      {"id", map->cluster_uuid},
      {"app",
       {{"name", "rhumb"},
        {"version", base::kProtocolVersion},
        {"rhumb_version", base::kRhumbVersion}}},
      {"collections", {{"number_of_collections", map->collections.size()}, {"points", points}}},
      {"cluster", {{"enabled", false}, {"map_version", map->version}}}}
      .dump();
}

void Node::verify_json(gateway::CollectionPtr collection, base::Deadline deadline,
                       std::function<void(base::Result<std::string>)> done) {
  gateway_->verify(
      collection, deadline,
      [collection, done = std::move(done)](base::Result<std::vector<peer::VerifyReply>> replies) {
        if (!replies.ok()) return done(replies.status());
        bool ok = true;
        uint64_t points = 0;
        json shards = json::array();
        for (size_t i = 0; i < replies->size(); ++i) {
          const peer::VerifyReply& r = (*replies)[i];
          const bool good = r.error.empty() && r.kept_hash == r.computed_hash;
          ok = ok && good;
          points += r.points;
          json shard = {
              {"shard", collection->shards[i].shard}, {"ok", good},
              {"applied_index", r.applied},           {"points", r.points},
              {"content_hash", hex(r.kept_hash)},     {"computed_hash", hex(r.computed_hash)}};
          if (!r.error.empty()) shard["error"] = r.error;
          shards.push_back(std::move(shard));
        }
        done(json{{"ok", ok}, {"points", points}, {"shards", shards}}.dump());
      });
}

namespace {

using Measured = peer::ContractReply::Measured;

json measured_of(const Measured& m) {
  if (m.samples == 0)
    return {{"samples", 0}, {"recall", nullptr}, {"low", nullptr}, {"high", nullptr}};
  return {{"samples", m.samples}, {"recall", m.mean}, {"low", m.low}, {"high", m.high}};
}

// Merges the shards as if each had been measured by its share of the samples. The bounds are a
// little too wide.
Measured merged(const std::vector<peer::ContractReply>& replies,
                Measured peer::ContractReply::*source) {
  Measured all{0, 0, 0, 0};
  for (const peer::ContractReply& r : replies) {
    const Measured& m = r.*source;
    all.samples += m.samples;
    all.mean += static_cast<double>(m.samples) * m.mean;
    all.low += static_cast<double>(m.samples) * m.low;
    all.high += static_cast<double>(m.samples) * m.high;
  }
  for (double* sum : {&all.mean, &all.low, &all.high})
    *sum /= std::max<double>(1, static_cast<double>(all.samples));
  return all;
}

const Measured& deciding(const peer::ContractReply& r) { return r.searched ? r.searches : r.moved; }

std::optional<bool> kept_of(double asked, const Measured& m) {
  return asked > 0 && m.samples > 0 ? model::contract_kept(asked, m.mean, m.low, m.high)
                                    : std::nullopt;
}

// The state is "kept", "missed" or "measuring", and null when no recall was asked for. While it is
// "measuring", the result says how many samples are missing and how long they take.
json verdict_of(double asked, const Measured& m, uint64_t missing,
                std::optional<uint64_t> seconds) {
  if (asked <= 0)
    return {{"kept", nullptr},
            {"state", nullptr},
            {"samples_missing", nullptr},
            {"seconds_left", nullptr}};
  const auto kept = kept_of(asked, m);
  if (kept)
    return {{"kept", *kept},
            {"state", *kept ? "kept" : "missed"},
            {"samples_missing", 0},
            {"seconds_left", 0}};
  return {{"kept", nullptr},
          {"state", "measuring"},
          {"samples_missing", std::max<uint64_t>(missing, 1)},
          {"seconds_left", seconds ? json(*seconds) : json()}};
}

// The verdict with its evidence: real searches if there were any, else stored points that were
// moved.
json told_of(double asked, const peer::ContractReply& r) {
  json out = {{"measured", measured_of(deciding(r))},
              {"decided_by", r.searched ? "searches" : "moved"},
              {"searches", measured_of(r.searches)},
              {"moved", measured_of(r.moved)},
              {"limit", r.limit.empty() ? json() : json(r.limit)}};
  out["measured"]["samples_total"] = r.samples_total;
  out.update(verdict_of(asked, deciding(r), r.missing, r.seconds_left));
  return out;
}

json shard_of(uint64_t shard, double asked, const peer::ContractReply& r) {
  json actions = json::array();
  for (const auto& [wall_ms, what] : r.actions)
    actions.push_back({{"unix_ms", wall_ms}, {"action", what}});
  json out = {
      {"shard", shard},
      {"widen", r.widen},
      {"actions", actions},
      {"segments", r.calibration_json.empty() ? json::array() : json::parse(r.calibration_json)}};
  out.update(told_of(asked, r));
  return out;
}

json contract_of(const model::Collection& collection,
                 const std::vector<peer::ContractReply>& replies) {
  const double asked = model::contract_of(collection.config).recall;
  peer::ContractReply all;
  all.seconds_left = 0;
  json shards = json::array();
  for (size_t i = 0; i < replies.size(); ++i) {
    const peer::ContractReply& r = replies[i];
    shards.push_back(shard_of(collection.shards[i].shard, asked, r));
    all.searched = all.searched || r.searched;
    all.samples_total += r.samples_total;
    all.missing += r.missing;
    if (all.limit.empty()) all.limit = r.limit;
    // The slowest shard decides. If one shard does not know its time, the total is unknown.
    if (r.missing == 0) continue;
    all.seconds_left = all.seconds_left && r.seconds_left
                           ? std::optional(std::max(*all.seconds_left, *r.seconds_left))
                           : std::nullopt;
  }
  all.searches = merged(replies, &peer::ContractReply::searches);
  all.moved = merged(replies, &peer::ContractReply::moved);
  json out = {{"asked", {{"recall", asked > 0 ? json(asked) : json()}}}, {"shards", shards}};
  out.update(told_of(asked, all));
  return out;
}

}  // namespace

void Node::contract_json(gateway::CollectionPtr collection, base::Deadline deadline,
                         std::function<void(base::Result<std::string>)> done) {
  gateway_->contract(
      collection, deadline,
      [collection, done = std::move(done)](base::Result<std::vector<peer::ContractReply>> replies) {
        if (!replies.ok()) return done(replies.status());
        done(contract_of(*collection, *replies).dump());
      });
}

http::rest::RestOptions Node::rest_options() {
  http::rest::RestOptions options;
  options.gateway = gateway_.get();
  options.pool = pool_.get();
  options.plugins_json = [this] { return plugins_json(); };
  options.telemetry_json = [this] { return telemetry_json(); };
  options.contract_json = [this](gateway::CollectionPtr collection, base::Deadline deadline,
                                 std::function<void(base::Result<std::string>)> done) {
    contract_json(std::move(collection), deadline, std::move(done));
  };
  options.verify_json = [this](gateway::CollectionPtr collection, base::Deadline deadline,
                               std::function<void(base::Result<std::string>)> done) {
    verify_json(std::move(collection), deadline, std::move(done));
  };
  return options;
}

}  // namespace rhumb::app
