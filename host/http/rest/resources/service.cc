#include "host/http/rest/resources/service.h"

#include <nlohmann/json.hpp>

#include "host/base/version.h"
#include "host/http/rest/reply/node_info.h"

namespace rhumb::http::rest::service {

using nlohmann::json;

// This answer has no envelope: clients compare `version` with their own and warn when it is too far
// away.
void version(const CallPtr& x) {
  Response response;
  response.body = json{{"title", "rhumb - vector database"},
                       {"version", base::kProtocolVersion},
                       {"rhumb_version", base::kRhumbVersion}}
                      .dump();
  x->answer(std::move(response));
}

void telemetry(const CallPtr& x) {
  x->ok(telemetry_json(*x->gateway().map(), x->options.points()));
}

void issues(const CallPtr& x) { x->ok(R"({"issues":[]})"); }

void clear_issues(const CallPtr& x) { x->ok("true"); }

// A single node has no peers.
void cluster(const CallPtr& x) { x->ok(R"({"status":"disabled"})"); }

void plugins(const CallPtr& x) {
  json all = json::array();
  for (const plugin::PluginInfo& p : x->options.plugins()) all.push_back(plugin_json(p));
  x->ok(json{{"plugins", all}}.dump());
}

void plugin(const CallPtr& x) {
  for (const plugin::PluginInfo& p : x->options.plugins()) {
    if (p.id == x->capture("id")) return x->ok(plugin_json(p).dump());
  }
  x->fail(base::not_found("Plugin `" + x->capture("id") + "` is not loaded"));
}

}  // namespace rhumb::http::rest::service
