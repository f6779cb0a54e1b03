#include "host/http/rest/reply/reports.h"

#include <nlohmann/json.hpp>

#include "host/base/hex.h"

namespace rhumb::http::rest {
namespace {

using gateway::ContractState;
using gateway::ContractVerdict;
using gateway::MeasuredRecall;
using nlohmann::json;

json measured_json(const MeasuredRecall& m) {
  if (m.samples == 0)
    return {{"samples", 0}, {"recall", nullptr}, {"low", nullptr}, {"high", nullptr}};
  return {{"samples", m.samples}, {"recall", m.mean}, {"low", m.low}, {"high", m.high}};
}

json state_json(const ContractVerdict& v) {
  if (v.state == ContractState::kNone) {
    return {{"kept", nullptr},
            {"state", nullptr},
            {"samples_missing", nullptr},
            {"seconds_left", nullptr}};
  }
  json out = {{"samples_missing", v.samples_missing},
              {"seconds_left", v.seconds_left ? json(*v.seconds_left) : json()}};
  if (v.state == ContractState::kMeasuring) {
    out["kept"] = nullptr;
    out["state"] = "measuring";
  } else {
    out["kept"] = v.state == ContractState::kKept;
    out["state"] = v.state == ContractState::kKept ? "kept" : "missed";
  }
  return out;
}

json verdict_json(const ContractVerdict& v) {
  json out = {{"measured", measured_json(v.deciding())},
              {"decided_by", v.searches_decide ? "searches" : "moved"},
              {"searches", measured_json(v.searches)},
              {"moved", measured_json(v.moved)},
              {"limit", v.limit.empty() ? json() : json(v.limit)}};
  out["measured"]["samples_total"] = v.samples_total;
  out.update(state_json(v));
  return out;
}

json shard_json(const gateway::ShardContract& shard) {
  json actions = json::array();
  for (const auto& [wall_ms, what] : shard.actions)
    actions.push_back({{"unix_ms", wall_ms}, {"action", what}});
  json out = {{"shard", shard.shard},
              {"widen", shard.widen},
              {"actions", actions},
              {"segments", shard.calibration_json.empty() ? json::array()
                                                          : json::parse(shard.calibration_json)}};
  out.update(verdict_json(shard.verdict));
  return out;
}

}  // namespace

std::string verification_json(const gateway::Verification& verification) {
  json shards = json::array();
  for (const gateway::ShardVerification& s : verification.shards) {
    json shard = {{"shard", s.shard},
                  {"ok", s.ok},
                  {"applied_index", s.applied_index},
                  {"points", s.points},
                  {"content_hash", base::hex(s.kept_hash)},
                  {"computed_hash", base::hex(s.computed_hash)}};
    if (!s.error.empty()) shard["error"] = s.error;
    shards.push_back(std::move(shard));
  }
  return json{{"ok", verification.ok}, {"points", verification.points}, {"shards", shards}}.dump();
}

std::string contract_json(const gateway::ContractReport& report) {
  json shards = json::array();
  for (const gateway::ShardContract& shard : report.shards) shards.push_back(shard_json(shard));
  json out = {{"asked", {{"recall", report.asked > 0 ? json(report.asked) : json()}}},
              {"shards", shards}};
  out.update(verdict_json(report.verdict));
  return out.dump();
}

}  // namespace rhumb::http::rest
