#include "host/app/tracing/otlp_json.h"

#include "host/base/hex.h"
#include "host/base/json_text.h"
#include "host/base/version.h"

namespace rhumb::app {
namespace {

constexpr std::string_view kErrorStatus = R"(,"status":{"code":2)";
constexpr size_t kUsualSpanBytes = 768;

void append_text(std::string& out, std::string_view key, std::string_view text) {
  out += R"({"key":)";
  base::append_json_string(out, key);
  out += R"(,"value":{"stringValue":)";
  base::append_json_string(out, text);
  out += "}}";
}

void append_number(std::string& out, std::string_view key, uint64_t number) {
  out += R"({"key":)";
  base::append_json_string(out, key);
  out += R"(,"value":{"intValue":")" + std::to_string(number) + "\"}}";
}

void append_span(std::string& out, const base::SpanRecord& span) {
  out += R"({"traceId":")" + base::hex(span.context.trace_id);
  out += R"(","spanId":")" + base::hex(span.context.span_id);
  if (span.parent_id != base::SpanId{}) out += R"(","parentSpanId":")" + base::hex(span.parent_id);
  out += R"(","name":)";
  base::append_json_string(out, span.name);
  out += R"(,"kind":)" + std::to_string(static_cast<int>(span.kind));
  out += R"(,"startTimeUnixNano":")" + std::to_string(span.start_ns);
  out += R"(","endTimeUnixNano":")" + std::to_string(span.end_ns);
  out += R"(","attributes":[)";
  for (const auto& [key, value] : span.attributes) {
    if (out.back() != '[') out += ',';
    if (const auto* number = std::get_if<uint64_t>(&value))
      append_number(out, key, *number);
    else
      append_text(out, key, std::get<std::string>(value));
  }
  out += ']';
  if (span.failed) {
    out += kErrorStatus;
    out += R"(,"message":)";
    base::append_json_string(out, span.error);
    out += '}';
  }
  out += '}';
}

}  // namespace

std::string otlp_json(const TraceResource& resource, const Spans& spans) {
  std::string out;
  out.reserve(spans.size() * kUsualSpanBytes);
  out += R"({"resourceSpans":[{"resource":{"attributes":[)";
  for (const auto& [key, text] : resource) {
    if (out.back() != '[') out += ',';
    append_text(out, key, text);
  }
  out += R"(]},"scopeSpans":[{"scope":{"name":"rhumb","version":)";
  base::append_json_string(out, base::kRhumbVersion);
  out += R"(},"spans":[)";
  for (const auto& span : spans) {
    if (out.back() != '[') out += ',';
    append_span(out, *span);
  }
  out += "]}]}]}";
  return out;
}

}  // namespace rhumb::app
