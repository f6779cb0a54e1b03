#include "host/http/cors.h"

#include <algorithm>

namespace rhumb::http {

Cors::Cors(CorsOptions options) : options_(std::move(options)) {
  any_ = std::find(options_.origins.begin(), options_.origins.end(), "*") != options_.origins.end();
}

std::string Cors::allowed_origin(const Request& request) const {
  if (!options_.enabled) return {};
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return {};
  if (any_) return "*";
  const bool listed =
      std::find(options_.origins.begin(), options_.origins.end(), origin) != options_.origins.end();
  return listed ? std::string(origin) : std::string();
}

std::optional<Response> Cors::preflight(const Request& request) const {
  if (!options_.enabled || request.method != "OPTIONS") return std::nullopt;
  if (!request.has_header("origin") || !request.has_header("access-control-request-method"))
    return std::nullopt;
  Response response;
  response.status = 204;
  response.content_type.clear();
  // Without the allowing fields the browser refuses the request.
  if (allowed_origin(request).empty()) return response;
  response.headers.emplace_back("Access-Control-Allow-Methods",
                                "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  const std::string_view asked = request.header("access-control-request-headers");
  if (!asked.empty()) response.headers.emplace_back("Access-Control-Allow-Headers", asked);
  response.headers.emplace_back("Access-Control-Max-Age", "3600");
  return response;
}

}  // namespace rhumb::http
