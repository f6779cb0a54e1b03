// Writes a node's plugins and its telemetry as JSON, for GET /plugins and GET /telemetry.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "host/model/topology.h"
#include "host/plugin/registry.h"

namespace rhumb::http::rest {

nlohmann::json plugin_json(const plugin::PluginInfo& plugin);
// `points` is the number of points that this node serves.
std::string telemetry_json(const model::ClusterMap& map, uint64_t points);

}  // namespace rhumb::http::rest
