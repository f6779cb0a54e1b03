// Spans: the timed parts of a trace, as OpenTelemetry defines them. A span ends when its object is
// destroyed, and its record goes to the sink of its trace. A span of a request that is not sampled
// is a null pointer, and each of its functions does nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "host/base/status.h"
#include "host/base/trace_context.h"

namespace rhumb::base {

enum class SpanKind : uint8_t { kInternal = 1, kServer = 2, kClient = 3 };  // the numbers of OTLP

struct SpanRecord {
  TraceContext context;
  SpanId parent_id{};  // zeros: the span is the root of its trace
  std::string name;
  SpanKind kind = SpanKind::kInternal;
  uint64_t start_ns = 0, end_ns = 0;  // of the wall clock
  std::vector<std::pair<std::string_view, std::variant<std::string, uint64_t>>> attributes;
  bool failed = false;
  std::string error;
};

// Takes the spans that have ended. It must outlive every thread that works for a trace.
class SpanSink {
 public:
  virtual ~SpanSink() = default;
  // Any thread. It must not block.
  virtual void take(std::unique_ptr<SpanRecord> span) = 0;
};

// One thread at a time uses a span.
class Span {
 public:
  Span() = default;
  // A span of the trace `trace_id`, whose parent may be another process.
  static Span root(SpanSink& sink, const TraceId& trace_id, const SpanId& parent_id);
  // A child of the span for which this thread works. `name` is a constant text.
  static Span child(std::string_view name, SpanKind kind = SpanKind::kInternal) {
    return current_trace() ? begin_child(name, kind) : Span();
  }
  Span(Span&&) noexcept = default;
  Span& operator=(Span&&) = delete;
  ~Span() { end(); }

  explicit operator bool() const { return record_ != nullptr; }
  // The context for the children of this span.
  TraceContext context() const;
  void rename(std::string name);
  // `key` is a constant text. Text beyond limits::kMaxSpanTextBytes is cut off.
  void set(std::string_view key, std::string_view text);
  void set(std::string_view key, uint64_t number);
  void fail(std::string_view why);
  // Records a failure with its code. Success changes nothing.
  void outcome(const Status& status);
  void end();
  void discard() { record_.reset(); }  // as if the span had never begun

 private:
  Span(const TraceContext& context, const SpanId& parent_id, std::string_view name, SpanKind kind);
  static Span begin_child(std::string_view name, SpanKind kind);

  std::unique_ptr<SpanRecord> record_;
  uint64_t started_ns_ = 0;  // monotonic; the wall clock may be set while the span is open
};

inline const Status& status_of(const Status& status) { return status; }
template <typename T>
const Status& status_of(const Result<T>& result) {
  return result.status();
}

// Returns a callback that ends the span with the outcome (a Status or a Result) and then calls
// `done` in the context that the caller of this function has now.
template <typename Outcome>
std::function<void(Outcome)> ending(Span span, std::function<void(Outcome)> done) {
  auto shared = std::make_shared<Span>(std::move(span));
  return [shared, outer = current_trace(), done = std::move(done)](Outcome outcome) {
    shared->outcome(status_of(outcome));
    shared->end();
    const TraceScope scope(outer);
    done(std::move(outcome));
  };
}

}  // namespace rhumb::base
