#include "host/base/tracer.h"

#include <cmath>

#include "host/base/random_id.h"
#include "host/base/traceparent.h"

namespace rhumb::base {
namespace {

// W3C Trace Context asks for randomness in the 7 rightmost bytes of a trace id, so these decide.
constexpr size_t kRandomBytes = 7;

uint64_t random_part(const TraceId& id) {
  uint64_t value = 0;
  for (size_t i = id.size() - kRandomBytes; i < id.size(); ++i) value = value << 8 | id[i];
  return value;
}

}  // namespace

Tracer::Tracer(SpanSink& sink, double ratio)
    : sink_(sink), threshold_(static_cast<uint64_t>(std::ldexp(ratio, 8 * kRandomBytes))) {}

Span Tracer::begin(std::string_view traceparent) const {
  if (const auto parent = parse_traceparent(traceparent))
    return parent->sampled ? Span::root(sink_, parent->trace_id, parent->span_id) : Span();
  const auto id = random_id<TraceId>();
  return random_part(id) < threshold_ ? Span::root(sink_, id, SpanId{}) : Span();
}

}  // namespace rhumb::base
