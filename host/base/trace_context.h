// The trace that a thread works for now. Executor::post and Strand::post take it along: a task runs
// in the context in which it was posted. A context without a sink means that nothing is recorded,
// which is the case for every thread while tracing is off.
#pragma once

#include <array>
#include <cstdint>

#include "host/base/function.h"

namespace rhumb::base {

class SpanSink;

using TraceId = std::array<uint8_t, 16>;
using SpanId = std::array<uint8_t, 8>;

struct TraceContext {
  TraceId trace_id{};
  SpanId span_id{};  // new spans become children of this span
  SpanSink* sink = nullptr;
  explicit operator bool() const { return sink != nullptr; }
};

// `constinit` spares each use the call that would construct the variable.
extern constinit thread_local TraceContext t_trace;

inline const TraceContext& current_trace() { return t_trace; }

// Makes `context` the one of this thread until the end of the scope.
class TraceScope {
 public:
  explicit TraceScope(const TraceContext& context) : changes_(context || t_trace) {
    if (!changes_) return;
    outer_ = t_trace;
    t_trace = context;
  }
  ~TraceScope() {
    if (changes_) t_trace = outer_;
  }
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  const bool changes_;
  TraceContext outer_;
};

// Returns a task that runs `task` in the context that the caller has now.
UniqueFunction<void()> in_current_trace(UniqueFunction<void()> task);

}  // namespace rhumb::base
