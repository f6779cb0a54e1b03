// Every metric of the process. A metric that is not in this table cannot be made. docs/METRICS.md
// is printed from it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rhumb::base {

enum class MetricKind { kCounter, kGauge, kHistogram };

struct MetricRow {
  std::string name;
  MetricKind kind = MetricKind::kGauge;
  std::vector<std::string> labels = {};  // the names of its labels
  std::string unit = {};                 // what is counted: "bytes", "seconds", "requests"
  std::string help = {};
};

// By name.
const std::vector<MetricRow>& metric_rows();
// Returns nullptr if there is no such metric.
const MetricRow* find_metric(std::string_view name);
// For metrics of tests. Not while other threads make metrics.
void add_metric_row(MetricRow row);

// The text of docs/METRICS.md.
std::string print_metrics();

}  // namespace rhumb::base
