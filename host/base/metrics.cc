#include "host/base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <memory>
#include <mutex>
#include <tuple>

namespace rhumb::base {
namespace {

const prometheus::Histogram::BucketBoundaries kLatencySeconds = {
    50e-6,  100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3,
    100e-3, 250e-3, 500e-3, 1,      2.5,  5,      10,   30,    60};

// The handles of one kind by (name, labels). A std::map keeps addresses stable, and nothing is ever
// removed.
template <typename Handle>
using Handles = std::map<std::pair<std::string, Labels>, Handle>;

// The instance is leaked on purpose: threads that outlive static destruction may still use handles.
struct Metrics {
  prometheus::Registry registry;
  std::mutex mutex;  // guards the handle maps
  Handles<Counter> counters;
  Handles<Gauge> gauges;
  Handles<Histogram> histograms;
  // guards the collectors, held while they run: remove_collector() waits for a running one
  std::mutex collect_mutex;
  std::map<uint64_t, std::function<void()>> collectors;
  uint64_t next_collector = 1;
};

Metrics& metrics() {
  static auto* instance = new Metrics;
  return *instance;
}

// A malformed name, or one name used for two kinds, is a fault in our code: the library throws, and
// noexcept ends the process.
template <typename Handle, typename Make>
Handle& find_or_make(Handles<Handle>& handles, const std::string& name, const Labels& labels,
                     Make make) noexcept {
  const std::lock_guard lock(metrics().mutex);
  Handle& handle = handles[{name, labels}];
  if (handle.impl == nullptr) handle.impl = make();
  return handle;
}

}  // namespace

void Counter::add(double n) { static_cast<prometheus::Counter*>(impl)->Increment(n); }
void Gauge::set(double v) { static_cast<prometheus::Gauge*>(impl)->Set(v); }
void Gauge::add(double n) { static_cast<prometheus::Gauge*>(impl)->Increment(n); }
void Histogram::observe(double v) { static_cast<prometheus::Histogram*>(impl)->Observe(v); }

Counter& counter(const std::string& name, const std::string& help, const Labels& labels) {
  return find_or_make(metrics().counters, name, labels, [&] {
    return &prometheus::BuildCounter()
                .Name(name)
                .Help(help)
                .Register(metrics().registry)
                .Add(labels);
  });
}

Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return find_or_make(metrics().gauges, name, labels, [&] {
    return &prometheus::BuildGauge().Name(name).Help(help).Register(metrics().registry).Add(labels);
  });
}

Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels) {
  return find_or_make(metrics().histograms, name, labels, [&] {
    return &prometheus::BuildHistogram()
                .Name(name)
                .Help(help)
                .Register(metrics().registry)
                .Add(labels, kLatencySeconds);
  });
}

uint64_t add_collector(std::function<void()> collect) {
  const std::lock_guard lock(metrics().collect_mutex);
  const uint64_t id = metrics().next_collector++;
  metrics().collectors.emplace(id, std::move(collect));
  return id;
}

void remove_collector(uint64_t id) {
  const std::lock_guard lock(metrics().collect_mutex);
  metrics().collectors.erase(id);
}

std::string metrics_text() {
  {
    const std::lock_guard lock(metrics().collect_mutex);
    for (const auto& [id, collect] : metrics().collectors) collect();
  }
  return prometheus::TextSerializer().Serialize(metrics().registry.Collect());
}

}  // namespace rhumb::base
