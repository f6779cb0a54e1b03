// A thin layer over prometheus-cpp, of which only the serialiser is used. Any thread may update a
// handle, which is cheap. Handles live as long as the process. A lookup takes a lock, so handles
// are looked up once and not per request. The names are those of metric_table.h.
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

// A name that is not in the table, a name of another kind, or other labels than the table says are
// a fault in our code: the process ends.
Counter& counter(const std::string& name, const Labels& labels = {});
Gauge& gauge(const std::string& name, const Labels& labels = {});
// Values are seconds; the buckets range from 50 us to 60 s.
Histogram& histogram(const std::string& name, const Labels& labels = {});
// Registers a function that is called at each scrape before serialising, to refresh gauges. Returns
// an id for remove_collector(), which waits for a running call. A collector must not add or remove
// collectors.
uint64_t add_collector(std::function<void()> collect);
void remove_collector(uint64_t id);
std::string metrics_text();  // Prometheus text format 0.0.4

}  // namespace rhumb::base
