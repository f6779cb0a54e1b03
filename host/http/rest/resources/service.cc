#include <nlohmann/json.hpp>

#include "host/base/version.h"
#include "host/http/rest/routes.h"

namespace rhumb::http::rest::service {

using nlohmann::json;

// Not enveloped: clients compare `version` with their own and warn when it is too far away.
void version(const ExchangePtr& x) {
  Response response;
  response.body = json{{"title", "rhumb - vector database"}, {"version", base::kProtocolVersion}, {"rhumb_version", base::kRhumbVersion}}.dump();
  x->answer(std::move(response));
}

void telemetry(const ExchangePtr& x) { x->ok(x->options.telemetry_json()); }

void issues(const ExchangePtr& x) { x->ok(R"({"issues":[]})"); }

void clear_issues(const ExchangePtr& x) { x->ok("true"); }

// One node: no peers to speak of.
void cluster(const ExchangePtr& x) { x->ok(R"({"status":"disabled"})"); }

void plugins(const ExchangePtr& x) { x->ok(x->options.plugins_json()); }

void plugin(const ExchangePtr& x) {
  const json all = json::parse(x->options.plugins_json());
  for (const json& p : all.at("plugins")) {
    if (p.value("id", "") == x->capture("id")) return x->ok(p.dump());
  }
  x->fail(base::not_found("Plugin `" + x->capture("id") + "` is not loaded"));
}

}  // namespace rhumb::http::rest::service
