// Spans as an ExportTraceServiceRequest of OTLP, in its JSON encoding
// (https://opentelemetry.io/docs/specs/otlp): ids are hexadecimal text in lower case, and numbers
// of 64 bits are text.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/base/span.h"

namespace rhumb::app {

using Spans = std::vector<std::unique_ptr<base::SpanRecord>>;
// What sends the spans: pairs like "service.name" and "rhumb".
using TraceResource = std::vector<std::pair<std::string, std::string>>;

std::string otlp_json(const TraceResource& resource, const Spans& spans);

}  // namespace rhumb::app
