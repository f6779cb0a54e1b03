#include "host/app/tracing/trace_exporter.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "host/app/tracing/collector.h"
#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/base/metrics.h"
#include "host/base/mutex.h"

namespace rhumb::app {

namespace limits = base::limits;

struct TraceExporter::State {
  explicit State(TraceExporterOptions o)
      : options(std::move(o)),
        collector(options.endpoint),
        exported(base::counter("rhumb_trace_spans_exported_total")),
        dropped(base::counter("rhumb_trace_spans_dropped_total")) {}

  void take(std::unique_ptr<base::SpanRecord> span);
  // Returns false if the thread did not end in time.
  bool end();
  void run();
  // Waits until there is something to send. No spans: it is time to end.
  Spans next_batch();
  // Sends until the collector has taken or refused the spans, or until they are given up.
  void deliver(const Spans& spans);
  void count(const Collector::Answer& answer, uint64_t spans);
  // Returns false if the exporter stops.
  bool pause(uint32_t retry_after_ms);

  const TraceExporterOptions options;
  const Collector collector;
  base::Counter &exported, &dropped;
  // Of the exporter's thread: attempts in a row that failed, and whether the log says so already.
  uint32_t failures = 0;
  bool complained = false;

  base::Mutex mutex;
  base::CondVar wake, stopped, ended;
  Spans queue RHUMB_GUARDED_BY(mutex);
  bool stopping RHUMB_GUARDED_BY(mutex) = false;
  bool over RHUMB_GUARDED_BY(mutex) = false;  // nothing more is taken or sent
};

Spans TraceExporter::State::next_batch() {
  const base::MutexLock lock(mutex);
  while (queue.empty() && !stopping) wake.wait(mutex);
  // The others of a batch come within batch_ms of its first span.
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(options.batch_ms);
  while (queue.size() < options.batch_spans && !stopping) {
    if (wake.wait_until(mutex, until) == std::cv_status::timeout) break;
  }
  if (over) return {};
  if (queue.size() <= options.batch_spans) return std::exchange(queue, {});
  const auto end = queue.begin() + options.batch_spans;
  Spans batch(std::make_move_iterator(queue.begin()), std::make_move_iterator(end));
  queue.erase(queue.begin(), end);
  return batch;
}

bool TraceExporter::State::pause(uint32_t retry_after_ms) {
  // 16 doublings are more than the longest pause.
  const uint64_t growing = uint64_t{options.retry_ms} << std::min(failures - 1, 16u);
  const uint64_t ms =
      std::min<uint64_t>(std::max<uint64_t>(growing, retry_after_ms), limits::kTraceMaxRetryMs);
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  const base::MutexLock lock(mutex);
  while (!stopping) {
    if (stopped.wait_until(mutex, until) == std::cv_status::timeout) break;
  }
  return !stopping;
}

void TraceExporter::State::count(const Collector::Answer& answer, uint64_t spans) {
  const uint64_t taken =
      answer.verdict == Collector::Verdict::kTaken ? spans - std::min(spans, answer.rejected) : 0;
  exported.add(static_cast<double>(taken));
  dropped.add(static_cast<double>(spans - taken));
  if (taken < spans && !complained)
    base::log_warn("app", "spans were not exported",
                   {{"endpoint", options.endpoint}, {"spans", spans - taken}, {"why", answer.why}});
  complained = taken < spans;
}

void TraceExporter::State::deliver(const Spans& spans) {
  const std::string body = otlp_json(options.resource, spans);
  for (uint32_t attempt = 1;; ++attempt) {
    const Collector::Answer answer = collector.send(body);
    if (answer.verdict != Collector::Verdict::kLater) {
      failures = 0;
      return count(answer, spans.size());
    }
    ++failures;
    const bool last = attempt == limits::kTraceAttempts;
    if (last) count(answer, spans.size());
    const bool goes_on = pause(answer.retry_after_ms);
    if (goes_on && !last) continue;
    if (!last) count(answer, spans.size());
    if (goes_on) return;
    const base::MutexLock lock(mutex);
    over = true;  // what waits would meet the same collector
    return;
  }
}

void TraceExporter::State::run() {
  pthread_setname_np(pthread_self(), "rhumb-trace");
  for (Spans batch = next_batch(); !batch.empty(); batch = next_batch()) deliver(batch);
  const base::MutexLock lock(mutex);
  over = true;
  dropped.add(static_cast<double>(queue.size()));
  queue.clear();
  ended.notify_all();
}

void TraceExporter::State::take(std::unique_ptr<base::SpanRecord> span) {
  bool waits = false, wakes = false;
  {
    const base::MutexLock lock(mutex);
    waits = !over && queue.size() < options.queue_spans;
    if (waits) queue.push_back(std::move(span));
    wakes = waits && (queue.size() == 1 || queue.size() == options.batch_spans);
  }
  if (wakes) wake.notify_one();
  if (!waits) dropped.add();
}

bool TraceExporter::State::end() {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(options.stop_ms);
  const base::MutexLock lock(mutex);
  stopping = true;
  wake.notify_one();
  stopped.notify_one();
  while (!over) {
    if (ended.wait_until(mutex, until) == std::cv_status::timeout) break;
  }
  return std::exchange(over, true);
}

TraceExporter::TraceExporter(TraceExporterOptions options)
    : state_(std::make_shared<State>(std::move(options))),
      thread_([state = state_] { state->run(); }) {}

TraceExporter::~TraceExporter() { stop(); }

void TraceExporter::take(std::unique_ptr<base::SpanRecord> span) { state_->take(std::move(span)); }

void TraceExporter::stop() {
  if (!thread_.joinable()) return;
  if (state_->end()) return thread_.join();
  base::log_warn("app", "the trace exporter was left behind: its collector does not answer",
                 {{"endpoint", state_->options.endpoint}});
  thread_.detach();
}

}  // namespace rhumb::app
