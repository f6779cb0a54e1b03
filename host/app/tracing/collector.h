// One OpenTelemetry collector, which is spoken to over plain HTTP. One thread uses it, and blocks.
#pragma once

#include <cstdint>
#include <string>

namespace rhumb::app {

class Collector {
 public:
  // `endpoint` is http://host[:port][/prefix], as the settings have checked.
  explicit Collector(const std::string& endpoint) : endpoint_(endpoint) {}

  enum class Verdict : uint8_t { kTaken, kLater, kRefused };
  struct Answer {
    Verdict verdict = Verdict::kLater;
    std::string why;              // empty unless something went wrong
    uint32_t retry_after_ms = 0;  // 0: the collector named no time
    uint64_t rejected = 0;        // spans that a collector did not take from those it took
  };
  // Posts a body to /v1/traces. Each step takes at most limits::kTraceStepMs.
  Answer send(const std::string& body) const;

 private:
  const std::string endpoint_;
};

}  // namespace rhumb::app
