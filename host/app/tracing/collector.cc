#include "host/app/tracing/collector.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/URI.h>

#include <algorithm>
#include <charconv>
#include <istream>
#include <nlohmann/json.hpp>
#include <ostream>

#include "host/base/clock.h"
#include "host/base/limits.h"
#include "host/base/version.h"

namespace rhumb::app {
namespace {

namespace limits = base::limits;
using Poco::Net::HTTPResponse;

// The answers after which OTLP lets a client send the same spans again.
bool is_temporary(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

uint64_t number_of(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

// Retry-After may also be a date, which counts as no time.
uint32_t retry_after_ms(const HTTPResponse& response) {
  const uint64_t seconds = number_of(response.get("Retry-After", ""));
  return static_cast<uint32_t>(std::min<uint64_t>(seconds, limits::kTraceMaxRetryMs / 1000) * 1000);
}

std::string read_some(std::istream& in) {
  const base::Deadline deadline = base::Deadline::after_ms(limits::kTraceStepMs);
  std::string body;
  char chunk[4096];
  while (in.good() && body.size() < limits::kMaxTraceAnswerBytes && !deadline.expired()) {
    in.read(chunk, sizeof(chunk));
    body.append(chunk, static_cast<size_t>(in.gcount()));
  }
  return body;
}

// An answer of 200 may say that some of the spans were not taken.
void read_partial_success(const std::string& body, Collector::Answer& answer) {
  const auto parsed = nlohmann::json::parse(body, nullptr, false);
  const auto partial = parsed.is_object() ? parsed.find("partialSuccess") : parsed.end();
  if (partial == parsed.end() || !partial->is_object()) return;
  if (const auto n = partial->find("rejectedSpans"); n != partial->end())
    answer.rejected = n->is_string()            ? number_of(n->get_ref<const std::string&>())
                      : n->is_number_unsigned() ? n->get<uint64_t>()
                                                : 0;
  if (const auto text = partial->find("errorMessage");
      text != partial->end() && text->is_string() && answer.rejected > 0)
    answer.why = text->get<std::string>();
}

Collector::Answer post(const std::string& endpoint, const std::string& body) {
  const Poco::URI uri(endpoint);
  Poco::Net::HTTPClientSession session(uri.getHost(), uri.getPort());
  session.setTimeout(Poco::Timespan(0, limits::kTraceStepMs * 1000L));
  // A connection that the collector has closed in the meantime would cost an attempt.
  session.setKeepAlive(false);
  std::string path = uri.getPath();
  while (path.ends_with('/')) path.pop_back();
  Poco::Net::HTTPRequest request("POST", path + "/v1/traces", Poco::Net::HTTPMessage::HTTP_1_1);
  request.setContentType("application/json");
  request.setContentLength64(static_cast<Poco::Int64>(body.size()));
  request.set("User-Agent", std::string("rhumb/") + base::kRhumbVersion);
  session.sendRequest(request) << body << std::flush;
  HTTPResponse response;
  std::istream& in = session.receiveResponse(response);
  Collector::Answer answer;
  const int status = response.getStatus();
  if (status >= 200 && status < 300) {
    answer.verdict = Collector::Verdict::kTaken;
    read_partial_success(read_some(in), answer);
    return answer;
  }
  answer.verdict = is_temporary(status) ? Collector::Verdict::kLater : Collector::Verdict::kRefused;
  answer.why = "the collector answered " + std::to_string(status);
  answer.retry_after_ms = retry_after_ms(response);
  return answer;
}

}  // namespace

Collector::Answer Collector::send(const std::string& body) const {
  try {
    return post(endpoint_, body);
  } catch (const Poco::Exception& e) {
    return {Verdict::kLater, e.displayText(), 0, 0};
  } catch (const std::exception& e) {
    return {Verdict::kLater, e.what(), 0, 0};
  }
}

}  // namespace rhumb::app
