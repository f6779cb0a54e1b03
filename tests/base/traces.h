// A sink of spans that a test looks at.
#pragma once

#include <memory>
#include <vector>

#include "host/base/mutex.h"
#include "host/base/span.h"

namespace rhumb::base {

class KeptSpans final : public SpanSink {
 public:
  void take(std::unique_ptr<SpanRecord> span) override {
    const MutexLock lock(mutex_);
    spans_.push_back(std::move(*span));
  }
  std::vector<SpanRecord> take_all() {
    const MutexLock lock(mutex_);
    return std::exchange(spans_, {});
  }

 private:
  Mutex mutex_;
  std::vector<SpanRecord> spans_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::base
