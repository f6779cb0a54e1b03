#include "host/base/trace_context.h"

namespace rhumb::base {

constinit thread_local TraceContext t_trace;

UniqueFunction<void()> in_current_trace(UniqueFunction<void()> task) {
  return [context = t_trace, task = std::move(task)]() mutable {
    const TraceScope scope(context);
    task();
    task = nullptr;  // what the task captured is destroyed in the same context
  };
}

}  // namespace rhumb::base
