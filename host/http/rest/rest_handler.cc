#include "host/http/rest/rest_handler.h"

#include "host/http/rest/resources/import.h"
#include "host/http/rest/resources/snapshot_upload.h"
#include "host/http/rest/routes.h"

namespace rhumb::http::rest {
namespace {

constexpr std::string_view kImportSuffix = "/import";
constexpr std::string_view kUploadSuffix = "/snapshots/upload";
constexpr uint64_t kMaxBodyOnLoop = 64 * 1024;

Response method_not_allowed(const std::string& allow, std::string_view method) {
  Response response = error_response(
      405, "Method " + std::string(method) + " is not allowed here; allowed: " + allow);
  response.headers.emplace_back("Allow", allow);
  return response;
}

// Fills in the router's findings. When the request ends here, it answers and returns nullptr.
const Route* route(const CallPtr& x, const RestOptions& options) {
  Request& request = *x->request;
  Match match = match_route(request.method, request.path);
  x->captures = std::move(match.captures);
  x->trace_route(match.route == nullptr ? std::string_view() : match.route->pattern);
  if (match.route == nullptr) {
    if (match.allow.empty())
      x->answer(error_response(404, "Not found: there is no path " + std::string(request.path),
                               x->seconds()));
    else
      x->answer(method_not_allowed(match.allow, request.method));
    return nullptr;
  }
  request.route = metrics_of(*match.route);
  auto query = parse_query_string(request.query);
  if (!query.ok()) {
    x->fail(query.status());
    return nullptr;
  }
  x->query = std::move(*query);
  if (match.route->action != Action::kPublic && options.authorize) {
    auto name = x->captures.find("collection_name");
    const base::Status allowed = options.authorize(request, match.route->action,
                                                   name == x->captures.end() ? "" : name->second);
    if (!allowed.ok()) {
      x->fail(allowed);
      return nullptr;
    }
  }
  if (match.route->run == nullptr) {
    x->fail(base::unsupported(std::string(match.route->feature) + " (" +
                              std::string(match.route->method) + " " +
                              std::string(match.route->pattern) + ")"));
    return nullptr;
  }
  return match.route;
}

RestOptions with_latencies(RestOptions options, SearchLatencies& latencies) {
  options.latencies = &latencies;
  return options;
}

// A small body is worth parsing on the loop. The parsed query shows whether the search is short.
bool may_be_short(const Call& x) {
  return x.request->may_run_here && x.request->body.size() <= kMaxBodyOnLoop &&
         !x.query.contains("consistency");
}

}  // namespace

RestHandler::RestHandler(RestOptions options)
    : options_(with_latencies(std::move(options), latencies_)) {
  (void)metrics_of(routes().front());  // makes those of all routes before the first request
}

void RestHandler::handle(std::shared_ptr<Request> request, Reply reply) {
  auto x = std::make_shared<Call>(std::move(request), std::move(reply), options_);
  const Route* found = route(x, options_);
  if (found == nullptr) return;
  const base::TraceScope scope(x->trace());
  x->on_loop = found->where == Where::kLoop || (found->where == Where::kEither && may_be_short(*x));
  if (x->on_loop)
    run_guarded(x, [&] { found->run(x); });
  else
    run_on_pool(x, [x, found] { found->run(x); });
}

std::unique_ptr<BodySink> RestHandler::stream(const std::shared_ptr<Request>& head, Reply& reply) {
  const bool streamed = head->path.ends_with(kImportSuffix) || head->path.ends_with(kUploadSuffix);
  if (head->method != "POST" || !streamed) return nullptr;
  auto x = std::make_shared<Call>(head, std::move(reply), options_);
  const Route* found = route(x, options_);
  if (found == nullptr) return nullptr;
  if (found->run == snapshots::upload_buffered) return snapshots::start_upload(x);
  // For example a point named "import" has an ordinary body.
  if (found->run != points::import_buffered) {
    reply = x->take_reply();
    return nullptr;
  }
  const base::TraceScope scope(x->trace());
  return start_import(x);
}

}  // namespace rhumb::http::rest
