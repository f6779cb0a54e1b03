#include "host/http/rest/resources/service.h"

#include <nlohmann/json.hpp>

#include "host/base/version.h"

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

void telemetry(const CallPtr& x) { x->ok(x->options.telemetry_json()); }

void issues(const CallPtr& x) { x->ok(R"({"issues":[]})"); }

void clear_issues(const CallPtr& x) { x->ok("true"); }

// A single node has no peers.
void cluster(const CallPtr& x) { x->ok(R"({"status":"disabled"})"); }

void plugins(const CallPtr& x) { x->ok(x->options.plugins_json()); }

void plugin(const CallPtr& x) {
  const json all = json::parse(x->options.plugins_json());
  for (const json& p : all.at("plugins")) {
    if (p.value("id", "") == x->capture("id")) return x->ok(p.dump());
  }
  x->fail(base::not_found("Plugin `" + x->capture("id") + "` is not loaded"));
}

}  // namespace rhumb::http::rest::service
