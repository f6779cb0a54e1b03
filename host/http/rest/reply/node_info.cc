#include "host/http/rest/reply/node_info.h"

#include <nlohmann/json.hpp>

#include "host/base/version.h"

namespace rhumb::http::rest {

using nlohmann::json;

json plugin_json(const plugin::PluginInfo& plugin) {
  json engines = json::array();
  for (const plugin::EngineInfo& e : plugin.engines) {
    engines.push_back({{"kind", e.kind},
                       {"id", e.id},
                       {"version", e.version},
                       {"capabilities", e.caps},
                       {"memory_bytes", e.memory_bytes}});
  }
  json out = {{"id", plugin.id},
              {"version", plugin.version},
              {"license", plugin.license},
              {"file", plugin.file},
              {"status", plugin.loaded ? "loaded" : "refused"},
              {"abi",
               {{"major", plugin.abi_major},
                {"minor_min", plugin.abi_minor_min},
                {"minor_built", plugin.abi_minor_built},
                {"draft", plugin.draft}}},
              {"engines", engines}};
  if (!plugin.error.empty()) out["error"] = plugin.error;
  return out;
}

std::string telemetry_json(const model::ClusterMap& map, uint64_t points) {
  return json{
      {"id", map.cluster_uuid},
      {"app",
       {{"name", "rhumb"},
        {"version", base::kProtocolVersion},
        {"rhumb_version", base::kRhumbVersion}}},
      {"collections", {{"number_of_collections", map.collections.size()}, {"points", points}}},
      {"cluster", {{"enabled", false}, {"map_version", map.version}}}}
      .dump();
}

}  // namespace rhumb::http::rest
