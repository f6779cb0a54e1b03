#include "host/base/metric_table.h"

#include <algorithm>

namespace rhumb::base {
namespace {

MetricRow counter_row(std::string name, std::string unit, std::string help,
                      std::vector<std::string> labels = {}) {
  return {std::move(name), MetricKind::kCounter, std::move(labels), std::move(unit),
          std::move(help)};
}

MetricRow gauge_row(std::string name, std::string unit, std::string help,
                    std::vector<std::string> labels = {}) {
  return {std::move(name), MetricKind::kGauge, std::move(labels), std::move(unit), std::move(help)};
}

// The buckets range from 50 us to 60 s.
MetricRow histogram_row(std::string name, std::string help, std::vector<std::string> labels = {}) {
  return {std::move(name), MetricKind::kHistogram, std::move(labels), "seconds", std::move(help)};
}

std::vector<MetricRow> make_rows() {
  return {
      gauge_row("rhumb_apply_lag_entries", "entries",
                "Log entries that writes of this node wait for: the largest number of any shard."),
      gauge_row("rhumb_build_info", "1", "Always 1. The label has the version.", {"version"}),
      counter_row("rhumb_code_scan_compared_total", "rows",
                  "Rows of scans by code that were compared exactly."),
      counter_row("rhumb_code_scan_rows_total", "rows", "Rows that scans by code looked at."),
      counter_row(
          "rhumb_code_scans_exact_total", "scans",
          "Scans by code that compared rows exactly because codes did not tell them apart."),
      counter_row("rhumb_code_scans_total", "scans", "Scans of rows by their 8-bit codes."),
      gauge_row("rhumb_collections", "collections", "Collections of the cluster map."),
      counter_row("rhumb_consensus_entries_proposed_total", "entries",
                  "Entries accepted by this node as a leader."),
      counter_row("rhumb_derived_damage_total", "files",
                  "Damaged graphs and payload indexes that were found and are rebuilt. No point is "
                  "lost."),
      gauge_row("rhumb_disk_bytes", "bytes", "Size of the file system of the data directory."),
      gauge_row("rhumb_disk_free_bytes", "bytes",
                "Free space on the file system of the data directory."),
      gauge_row("rhumb_disk_reserve_bytes", "bytes",
                "With less free space than this, writes other than deletions get a 507."),
      gauge_row("rhumb_engine_memory_bytes", "bytes", "Memory that an engine reports as allocated.",
                {"engine", "kind"}),
      counter_row(
          "rhumb_graph_renewals_total", "graphs",
          "Graphs built again because their engine reported that a new one would fit the data "
          "better.",
          {"outcome"}),
      gauge_row("rhumb_http_connections", "connections", "Open HTTP connections."),
      counter_row("rhumb_http_dropped_replies_total", "connections",
                  "Connections closed because too many replies were waiting to be fetched."),
      gauge_row("rhumb_http_inflight_body_bytes", "bytes", "Bytes of request bodies in memory."),
      counter_row("rhumb_http_received_bytes_total", "bytes", "Bytes read from HTTP connections."),
      counter_row("rhumb_http_refused_connections_total", "connections",
                  "Connections closed because too many were open."),
      histogram_row("rhumb_http_request_seconds",
                    "Seconds from the end of a request's head to the end of its answer, by route. "
                    "Requests without a route of the REST API have the route none.",
                    {"route"}),
      counter_row("rhumb_http_responses_total", "answers", "Answers, by HTTP status.", {"status"}),
      counter_row("rhumb_http_route_errors_total", "answers",
                  "Answers of a route with a 4xx (fault client) or 5xx (fault server).",
                  {"fault", "route"}),
      counter_row("rhumb_http_sent_bytes_total", "bytes", "Bytes handed to HTTP connections."),
      histogram_row(
          "rhumb_log_append_seconds",
          "Seconds from the handing of a batch to the write-ahead log until it is durable. "
          "With storage.sync always this is the time of an fsync and of the wait for it."),
      gauge_row("rhumb_log_bytes", "bytes", "Bytes of the write-ahead log on disk."),
      gauge_row("rhumb_log_limit_bytes", "bytes",
                "Bound of the write-ahead log (storage.log_bytes)."),
      counter_row("rhumb_log_lines_lost_total", "lines",
                  "Log lines that standard error did not take."),
      gauge_row("rhumb_memory_bytes", "bytes",
                "Anonymous memory that the process uses, counted as for its limit."),
      gauge_row("rhumb_memory_level", "1",
                "0: normal. 1: cold, data that files hold leaves memory. 2: writes that grow are "
                "refused."),
      gauge_row("rhumb_memory_limit_bytes", "bytes",
                "Anonymous memory that the process may use (memory.limit_bytes); 0: no limit."),
      gauge_row("rhumb_memory_mapped_bytes", "bytes",
                "Resident pages of files. The system takes them back by itself."),
      gauge_row("rhumb_open_files", "files", "Open file descriptors."),
      gauge_row("rhumb_open_files_limit", "files", "Limit of open file descriptors."),
      counter_row("rhumb_overdue_requests_total", "requests",
                  "Requests whose thread was still at work far beyond their deadline."),
      counter_row("rhumb_plugin_calls_total", "calls",
                  "Calls of plugins that have returned a status."),
      counter_row("rhumb_plugin_errors_total", "calls",
                  "Calls of plugins that failed, by the kind of the engine.", {"kind"}),
      gauge_row("rhumb_points", "points", "Points of the shards that serve."),
      gauge_row("rhumb_queue_tasks", "tasks",
                "Tasks that wait for a thread: requests, apply, background, renewals.", {"queue"}),
      gauge_row("rhumb_ready", "1", "1 if every shard serves (GET /readyz)."),
      gauge_row("rhumb_recall_asked", "1",
                "Recall that a collection's contract asks for; 0: it asks for none.", {"shard"}),
      gauge_row("rhumb_recall_low", "1", "Lower end of the measured recall's 95 % interval.",
                {"shard"}),
      gauge_row("rhumb_recall_measured", "1", "Recall of the latest sampled searches.", {"shard"}),
      gauge_row("rhumb_recall_samples", "searches", "Sampled searches, since the start.",
                {"shard"}),
      gauge_row("rhumb_recall_widen", "1",
                "Factor on the breadth of searches, to keep the contract.", {"shard"}),
      gauge_row("rhumb_requests_running", "requests",
                "Reads and writes of shards that a thread is working on."),
      counter_row("rhumb_scrub_bytes_total", "bytes",
                  "Bytes of sealed files that were read from the disk and compared with their "
                  "checksums (scrub.period)."),
      counter_row("rhumb_scrub_damage_total", "files",
                  "Damaged files that this reading found. Their shards are fenced."),
      gauge_row("rhumb_scrub_oldest_seconds", "seconds",
                "Time since the oldest sealed file was known to be intact."),
      counter_row("rhumb_segment_merges_total", "merges",
                  "Merges of segments, which drop dead rows and fold in changed payloads.",
                  {"outcome"}),
      gauge_row("rhumb_segments", "segments", "Segments of the shards that serve."),
      gauge_row("rhumb_shards", "shards", "Shards of this node that serve."),
      gauge_row("rhumb_shards_failed", "shards",
                "Shards of this node that could not be opened or are fenced."),
      counter_row("rhumb_snapshots_total", "snapshots", "Snapshots that were made or restored.",
                  {"job", "outcome"}),
      gauge_row("rhumb_start_time_seconds", "seconds", "When the process started, as Unix time."),
      gauge_row("rhumb_tail_rows", "rows", "Rows that are in no graph yet, over all shards."),
      gauge_row("rhumb_tail_scan_seconds", "seconds",
                "What a search spends on rows that are in no graph yet: the largest of any shard. "
                "Writes get a 429 above 0.04."),
      counter_row("rhumb_trace_spans_dropped_total", "spans",
                  "Spans that were not exported: too many were waiting, or the collector did not "
                  "take them."),
      counter_row("rhumb_trace_spans_exported_total", "spans", "Spans that the collector took."),
      counter_row("rhumb_unexpected_total", "events",
                  "States that should not occur but were safe to continue from."),
  };
}

std::vector<MetricRow>& rows() {
  static auto* const all = new std::vector<MetricRow>(make_rows());
  return *all;
}

const char* kind_name(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return "counter";
    case MetricKind::kGauge:
      return "gauge";
    case MetricKind::kHistogram:
      break;
  }
  return "histogram";
}

}  // namespace

const std::vector<MetricRow>& metric_rows() { return rows(); }

const MetricRow* find_metric(std::string_view name) {
  const auto found =
      std::find_if(rows().begin(), rows().end(), [&](const auto& row) { return row.name == name; });
  return found == rows().end() ? nullptr : &*found;
}

void add_metric_row(MetricRow row) {
  if (find_metric(row.name) == nullptr) rows().push_back(std::move(row));
}

std::string print_metrics() {
  std::string out =
      "# Metrics\n\n"
      "`GET /metrics` has these, in the text format of Prometheus. With an auth plugin it needs a "
      "key\nthat may read. This page is made by `rhumbd --print-metrics`, and a test compares the "
      "two.\n[OPERATING.md](OPERATING.md) says what the alarms on them mean.\n\n"
      "| name | kind | labels | unit | meaning |\n|---|---|---|---|---|\n";
  for (const MetricRow& row : rows()) {
    std::string labels;
    for (const std::string& label : row.labels)
      labels += (labels.empty() ? "`" : ", `") + label + "`";
    out += "| `" + row.name + "` | " + kind_name(row.kind) + " | " + labels + " | " + row.unit +
           " | " + row.help + " |\n";
  }
  return out;
}

}  // namespace rhumb::base
