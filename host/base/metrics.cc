#include "host/base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <memory>
#include <tuple>

#include "host/base/assert.h"
#include "host/base/metric_table.h"
#include "host/base/mutex.h"

namespace rhumb::base {
namespace {

const prometheus::Histogram::BucketBoundaries kLatencySeconds = {
    50e-6,  100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3,
    100e-3, 250e-3, 500e-3, 1,      2.5,  5,      10,   30,    60};

const MetricRow& row_of(MetricKind kind, const std::string& name, const Labels& labels) {
  const MetricRow* const row = find_metric(name);
  RHUMB_ASSERT(row != nullptr && row->kind == kind && row->labels.size() == labels.size());
  for (const std::string& label : row->labels) RHUMB_ASSERT(labels.contains(label));
  return *row;
}

// The handles of one kind by (name, labels). A std::map keeps addresses stable, and nothing is ever
// removed.
template <typename Handle>
class Handles {
 public:
  template <typename Make>
  Handle& find_or_make(MetricKind kind, const std::string& name, const Labels& labels,
                       Make make) noexcept {
    const MutexLock lock(mutex_);
    Handle& handle = handles_[{name, labels}];
    if (handle.impl == nullptr) handle.impl = make(row_of(kind, name, labels));
    return handle;
  }

 private:
  Mutex mutex_;
  std::map<std::pair<std::string, Labels>, Handle> handles_ RHUMB_GUARDED_BY(mutex_);
};

// The instance is leaked on purpose: threads that outlive static destruction may still use handles.
struct Metrics {
  prometheus::Registry registry;
  Handles<Counter> counters;
  Handles<Gauge> gauges;
  Handles<Histogram> histograms;
  // held while the collectors run: remove_collector() waits for a running one
  Mutex collect_mutex;
  std::map<uint64_t, std::function<void()>> collectors RHUMB_GUARDED_BY(collect_mutex);
  uint64_t next_collector RHUMB_GUARDED_BY(collect_mutex) = 1;
};

Metrics& metrics() {
  static auto* instance = new Metrics;
  return *instance;
}

}  // namespace

void Counter::add(double n) { static_cast<prometheus::Counter*>(impl)->Increment(n); }
void Gauge::set(double v) { static_cast<prometheus::Gauge*>(impl)->Set(v); }
void Gauge::add(double n) { static_cast<prometheus::Gauge*>(impl)->Increment(n); }
void Histogram::observe(double v) { static_cast<prometheus::Histogram*>(impl)->Observe(v); }

Counter& counter(const std::string& name, const Labels& labels) {
  const auto make = [&](const MetricRow& row) {
    return &prometheus::BuildCounter()
                .Name(name)
                .Help(row.help)
                .Register(metrics().registry)
                .Add(labels);
  };
  return metrics().counters.find_or_make(MetricKind::kCounter, name, labels, make);
}

Gauge& gauge(const std::string& name, const Labels& labels) {
  const auto make = [&](const MetricRow& row) {
    return &prometheus::BuildGauge()
                .Name(name)
                .Help(row.help)
                .Register(metrics().registry)
                .Add(labels);
  };
  return metrics().gauges.find_or_make(MetricKind::kGauge, name, labels, make);
}

Histogram& histogram(const std::string& name, const Labels& labels) {
  const auto make = [&](const MetricRow& row) {
    return &prometheus::BuildHistogram()
                .Name(name)
                .Help(row.help)
                .Register(metrics().registry)
                .Add(labels, kLatencySeconds);
  };
  return metrics().histograms.find_or_make(MetricKind::kHistogram, name, labels, make);
}

uint64_t add_collector(std::function<void()> collect) {
  Metrics& all = metrics();
  const MutexLock lock(all.collect_mutex);
  const uint64_t id = all.next_collector++;
  all.collectors.emplace(id, std::move(collect));
  return id;
}

void remove_collector(uint64_t id) {
  Metrics& all = metrics();
  const MutexLock lock(all.collect_mutex);
  all.collectors.erase(id);
}

std::string metrics_text() {
  Metrics& all = metrics();
  {
    const MutexLock lock(all.collect_mutex);
    for (const auto& [id, collect] : all.collectors) collect();
  }
  return prometheus::TextSerializer().Serialize(all.registry.Collect());
}

}  // namespace rhumb::base
