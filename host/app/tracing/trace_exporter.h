// Collects the spans that have ended and sends them to the collector in batches, on a thread of its
// own and one request at a time. Requests never wait for it: spans that find the queue full are
// dropped and counted. A batch is sent again while the collector cannot be reached or is too busy,
// with growing pauses.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "host/app/tracing/otlp_json.h"
#include "host/base/limits.h"
#include "host/base/span.h"

namespace rhumb::app {

struct TraceExporterOptions {
  std::string endpoint;  // http://host[:port][/prefix]
  TraceResource resource;
  // Tests make these smaller.
  uint32_t queue_spans = base::limits::kMaxQueuedSpans;
  uint32_t batch_spans = base::limits::kTraceBatchSpans;
  uint32_t batch_ms = base::limits::kTraceBatchMs;
  uint32_t retry_ms = base::limits::kTraceRetryMs;
  uint32_t stop_ms = base::limits::kTraceStopMs;
};

class TraceExporter final : public base::SpanSink {
 public:
  explicit TraceExporter(TraceExporterOptions options);
  ~TraceExporter() override;  // calls stop()
  TraceExporter(const TraceExporter&) = delete;
  TraceExporter& operator=(const TraceExporter&) = delete;

  void take(std::unique_ptr<base::SpanRecord> span) override;
  // Sends what waits, for at most `stop_ms`, and ends the thread. Later spans are dropped. Further
  // calls do nothing. Call it on the control thread.
  void stop();

 private:
  struct State;
  // The thread shares the state, because it may outlive the exporter: a look-up of the collector's
  // name cannot be broken off, and then the thread is left alone with what it shares.
  const std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace rhumb::app
