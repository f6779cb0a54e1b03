// Decides which requests are traced, and begins their spans.
#pragma once

#include <string_view>

#include "host/base/span.h"

namespace rhumb::base {

class Tracer {
 public:
  // Traces the share `ratio` (0 to 1) of the requests whose client does not decide. `sink` must
  // outlive the tracer and its spans.
  Tracer(SpanSink& sink, double ratio);

  // `traceparent` is the header of the request. If it is valid, its flag decides, and the span
  // belongs to its trace. The span of a request that is not traced is empty.
  Span begin(std::string_view traceparent) const;

 private:
  SpanSink& sink_;
  const uint64_t threshold_;  // ids below it are sampled
};

}  // namespace rhumb::base
