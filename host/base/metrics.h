// Metrics, thin over prometheus-cpp (serialiser only). Handles are cheap to update from any thread
// and live as long as the process; look them up once (a lookup takes a lock), not per request.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace rhumb::base {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  void add(double n = 1);
  void* impl = nullptr;
};
class Gauge {
 public:
  void set(double v);
  void add(double n);
  void* impl = nullptr;
};
class Histogram {
 public:
  void observe(double v);
  void* impl = nullptr;
};

Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
// seconds, 50 us to 60 s
Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels = {});
// Called at each scrape before serialising, to refresh gauges. Returns an id for remove_collector,
// which waits for a running call. A collector adds and removes no collectors itself.
uint64_t add_collector(std::function<void()> collect);
void remove_collector(uint64_t id);
std::string metrics_text();  // Prometheus text format 0.0.4

}  // namespace rhumb::base
