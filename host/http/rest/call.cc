#include "host/http/rest/call.h"

#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "host/base/ascii.h"
#include "host/base/json_text.h"
#include "host/base/limits.h"
#include "host/base/log.h"
#include "host/base/traceparent.h"
#include "host/http/rest/reply/json_write.h"

namespace rhumb::http::rest {
namespace {

using base::Code;
using base::Status;

constexpr uint64_t kMaxTimeoutSeconds = 3600;
constexpr uint32_t kRetryAfterMs = 1000;  // where the error names no time
constexpr int kServerError = 500;
// Other methods are not shown, because a client could make up any number of them.
constexpr std::string_view kMethods[] = {"GET",   "HEAD",   "POST",   "PUT",
                                         "PATCH", "DELETE", "OPTIONS"};

struct Kind {
  int http;
  std::string_view prefix;
};

Kind kind_of(Code code) {
  switch (code) {
    case Code::kOk:
      return {200, ""};
    case Code::kInvalid:
      return {400, "Wrong input: "};
    case Code::kUnprocessable:
      return {422, "Validation error in JSON body: "};
    case Code::kNotFound:
      return {404, "Not found: "};
    case Code::kExists:
      return {409, "Wrong input: "};
    case Code::kUnauthenticated:
      return {401, ""};
    case Code::kForbidden:
      return {403, "Forbidden: "};
    case Code::kTooLarge:
      return {413, "Wrong input: "};
    case Code::kUnsupported:
      return {501, "Not implemented: "};
    case Code::kBusy:
      return {429, "Rate limiting: "};
    case Code::kUnavailable:
      return {503, "Service unavailable: "};
    case Code::kTimeout:
      return {408, "Timeout: "};
    case Code::kCancelled:
      return {499, "Cancelled: "};
    case Code::kNoSpace:
      return {507, "disk_full: "};
    case Code::kMemoryFull:
      return {507, "memory_full: "};
    case Code::kMalformedBody:
      return {400, "Format error in JSON body: "};
    case Code::kMalformedQuery:
      return {400, "Deserialize error in query parameters: "};
    case Code::kIo:
    case Code::kCorrupt:
    case Code::kInternal:
      return {500, "Service internal error: "};
  }
  return {500, "Service internal error: "};
}

// Whole seconds, as the header has them; a client that waits too long loses nothing.
std::string retry_after(const Status& status) {
  const uint32_t ms = status.detail().retry_after_ms.value_or(kRetryAfterMs);
  return std::to_string(std::max<uint32_t>(1, (ms + 999) / 1000));
}

// More than one header are as good as none: the specification says so.
std::string_view traceparent_of(const Request& request) {
  std::string_view found;
  for (const Field& field : request.fields) {
    if (!base::equal_ignoring_case(field.name, "traceparent")) continue;
    if (!found.empty()) return {};
    found = field.value;
  }
  return found;
}

void append_warnings(std::string& out, const std::vector<std::string>& warnings) {
  out += "\"warnings\":";
  for (const std::string& text : warnings) {
    out += &text == &warnings.front() ? '[' : ',';
    base::append_json_string(out, text);
  }
  out += ']';
}

}  // namespace

Response failure_response(const Status& status, double seconds,
                          const std::vector<std::string>& warnings) {
  const Kind kind = kind_of(status.code());
  Response response;
  if (status.code() == Code::kUnauthenticated || status.code() == Code::kForbidden) {
    response.status = kind.http;
    response.content_type = "text/plain; charset=utf-8";
    response.body = status.message();
    return response;
  }
  response = error_response(kind.http, std::string(kind.prefix) + status.message(), seconds);
  if (!warnings.empty()) {
    response.body.back() = ',';
    append_warnings(response.body, warnings);
    response.body += '}';
  }
  if (kind.http == 429 || kind.http == 503)
    response.headers.emplace_back("Retry-After", retry_after(status));
  return response;
}

void note_thrown(Call& x, const std::exception& e) {
  x.trace_failure(e.what());
  base::log_error(
      "http", "handler threw",
      {{"request_id", x.request->request_id}, {"path", x.request->path}, {"what", e.what()}});
}

Call::Call(std::shared_ptr<Request> r, Reply reply, const RestOptions& o)
    : options(o),
      request(std::move(r)),
      reply_(std::move(reply)),
      started_ns_(base::monotonic_ns()),
      span_(o.tracer == nullptr ? base::Span() : o.tracer->begin(traceparent_of(*request))),
      trace_(span_.context()) {}

double Call::seconds() const {
  return static_cast<double>(base::monotonic_ns() - started_ns_) * 1e-9;
}

base::Result<bool> Call::flag(const std::string& name, bool fallback) const {
  auto it = query.find(name);
  if (it == query.end() || it->second.empty()) return fallback;
  if (it->second == "true") return true;
  if (it->second == "false") return false;
  return base::malformed_query(name, "'" + it->second + "' is neither true nor false");
}

base::Result<base::Deadline> Call::deadline() const {
  uint64_t seconds = base::limits::kDefaultTimeoutSeconds;
  if (auto it = query.find("timeout"); it != query.end() && !it->second.empty()) {
    const std::string& text = it->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds < 1 ||
        seconds > kMaxTimeoutSeconds) {
      return base::malformed_query("timeout", "'" + text +
                                                  "' is not a number of seconds from 1 to " +
                                                  std::to_string(kMaxTimeoutSeconds))
          .with({.field = "timeout", .limit = kMaxTimeoutSeconds});
    }
  }
  return base::Deadline{request->received_ns + seconds * 1'000'000'000};
}

base::Result<gateway::WriteOptions> Call::write_options() const {
  gateway::WriteOptions out;
  RHUMB_ASSIGN(out.wait, flag("wait", false));
  RHUMB_ASSIGN(out.deadline, deadline());
  if (auto it = query.find("ordering"); it != query.end() && !it->second.empty()) {
    if (it->second != "weak" && it->second != "medium" && it->second != "strong") {
      return base::malformed_query("ordering",
                                   "'" + it->second + "' is not one of weak, medium, strong");
    }
  }
  // A write is recognised as sent again by its X-Request-Id together with its whole content,
  // because a trace id that is used twice must not swallow a write.
  const std::string_view id = request->header("X-Request-Id");
  if (!id.empty()) {
    XXH3_state_t* state = XXH3_createState();
    RHUMB_ASSERT(state != nullptr);
    XXH3_128bits_reset(state);
    for (const std::string_view part :
         {id, request->method, request->target, std::string_view(request->body)}) {
      // The length keeps one part from reaching into the next.
      const uint64_t length = part.size();
      XXH3_128bits_update(state, &length, sizeof(length));
      XXH3_128bits_update(state, part.data(), part.size());
    }
    const XXH128_hash_t hash = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    std::memcpy(out.request_id.data(), &hash, sizeof(hash));
  }
  return out;
}

base::Result<gateway::ReadOptions> Call::read_options() const {
  gateway::ReadOptions out;
  RHUMB_ASSIGN(out.deadline, deadline());
  out.session = std::string(request->header("X-Rhumb-Session"));
  auto it = query.find("consistency");
  if (it == query.end() || it->second.empty()) return out;
  const std::string& text = it->second;
  uint64_t factor = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), factor);
  const bool number = error == std::errc() && end == text.data() + text.size() && factor >= 1;
  if (text == "linearizable")
    out.linearizable = true;
  else if (!number && text != "majority" && text != "quorum" && text != "all") {
    return base::malformed_query(
        "consistency",
        "'" + text + "' is not one of linearizable, majority, quorum, all, or a number from 1");
  }
  return out;
}

void Call::ok(std::string_view result_json, std::string_view members) {
  Response response;
  std::string& body = response.body;
  body.reserve(result_json.size() + members.size() + 64);
  body += "{\"result\":";
  body += result_json;
  body += ",\"status\":\"ok\",";
  if (!members.empty()) {
    body += members;
    body += ',';
  }
  if (!warnings_.empty()) {
    append_warnings(body, warnings_);
    body += ',';
  }
  body += "\"time\":";
  append_number(body, seconds());
  body += '}';
  answer(std::move(response));
}

void Call::accept() {
  Response response;
  response.status = 202;
  response.body = "{\"status\":\"accepted\",\"time\":";
  append_number(response.body, seconds());
  response.body += '}';
  answer(std::move(response));
}

void Call::fail(const Status& status) {
  if (status.code() == Code::kInternal || status.code() == Code::kIo ||
      status.code() == Code::kCorrupt) {
    base::log_error("http", "request failed",
                    {{"request_id", request->request_id},
                     {"path", request->path},
                     {"error", status.message()}});
  }
  Response response = failure_response(status, seconds(), warnings_);
  trace_answer(response, status);
  span_.end();
  reply_(std::move(response));
}

void Call::answer(Response response) {
  if (session_of_ != nullptr) {
    std::string token = gateway().session_token(session_of_);
    if (!token.empty()) response.headers.emplace_back("X-Rhumb-Session", std::move(token));
  }
  trace_answer(response, {});
  span_.end();
  reply_(std::move(response));
}

// The span lasts as long as the stream.
void Call::stream(Response head, Pull pull) {
  trace_answer(head, {});
  if (span_) {
    pull = [trace = trace_, span = std::move(span_), pull = std::move(pull)](Next next) mutable {
      const base::TraceScope scope(trace);
      pull(std::move(next));
    };
  }
  reply_.stream(std::move(head), std::move(pull));
}

// The names are those of OpenTelemetry's conventions for HTTP servers.
void Call::trace_route(std::string_view route) {
  if (!span_) return;
  const std::string_view method = request->head_only ? "HEAD" : request->method;
  const bool known =
      std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
  const std::string_view name = known ? method : "HTTP";
  span_.rename(route.empty() ? std::string(name) : std::string(name) + ' ' + std::string(route));
  span_.set("http.request.method", known ? method : "_OTHER");
  span_.set("url.path", request->path);
  span_.set("url.scheme", "http");
  if (!route.empty()) span_.set("http.route", route);
  if (auto it = captures.find("collection_name"); it != captures.end())
    span_.set("db.collection.name", it->second);
  span_.set("rhumb.request_id", request->request_id);
}

void Call::trace_answer(Response& response, const Status& why) {
  if (!span_) return;
  span_.set("http.response.status_code", static_cast<uint64_t>(response.status));
  if (response.status >= kServerError) {
    span_.fail("");
    span_.outcome(why);
  }
  response.headers.emplace_back("traceparent", base::traceparent_text(trace_));
}

}  // namespace rhumb::http::rest
