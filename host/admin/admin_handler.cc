#include "host/admin/admin_handler.h"

#include "host/base/metrics.h"

namespace rhumb::admin {
namespace {

http::Response plain(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  return response;
}

// Returns the path without a trailing slash.
std::string_view trimmed(std::string_view path) {
  return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

}  // namespace

void AdminHandler::handle(std::shared_ptr<http::Request> request, http::Reply reply) {
  const std::string_view path = trimmed(request->path);
  if (request->method != "GET") return next_.handle(std::move(request), std::move(reply));
  if (path == "/healthz" || path == "/livez")
    return reply(plain(200, std::string(path.substr(1)) + " check passed"));
  if (path == "/readyz") {
    std::string why;
    return options_.ready(&why) ? reply(plain(200, "all shards are ready"))
                                : reply(plain(503, why));
  }
  if (path == "/metrics") {
    if (const base::Status allowed = options_.may_read_metrics(*request); !allowed.ok()) {
      return reply(plain(allowed.code() == base::Code::kForbidden ? 403 : 401, allowed.message()));
    }
    http::Response response = plain(200, base::metrics_text());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return reply(std::move(response));
  }
  next_.handle(std::move(request), std::move(reply));
}

}  // namespace rhumb::admin
