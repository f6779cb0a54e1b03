// The header `traceparent` of W3C Trace Context (https://www.w3.org/TR/trace-context-2/):
// 00-<32 digits of the trace id>-<16 digits of the parent's span id>-<2 digits of flags>.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/base/trace_context.h"

namespace rhumb::base {

struct TraceParent {
  TraceId trace_id{};
  SpanId span_id{};
  bool sampled = false;
};

// Returns nothing for a text that the specification calls invalid. A text of a later version is
// read as far as version 00 goes.
std::optional<TraceParent> parse_traceparent(std::string_view text);
// The text for a context whose spans are recorded.
std::string traceparent_text(const TraceContext& context);

}  // namespace rhumb::base
