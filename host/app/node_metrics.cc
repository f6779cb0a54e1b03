// The metrics of the node as a whole, which are measured at each scrape.
#include <dirent.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "host/app/node.h"
#include "host/base/memory_measure.h"
#include "host/base/metric_table.h"
#include "host/base/metrics.h"
#include "host/base/overdue.h"
#include "host/base/version.h"
#include "host/plugin/call_count.h"
#include "host/shard/options.h"

namespace rhumb::app {
namespace {

using base::gauge;

const std::time_t kStarted = std::time(nullptr);

void set(const char* name, uint64_t value) { gauge(name).set(static_cast<double>(value)); }

uint64_t open_files() {
  DIR* const directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  uint64_t count = 0;
  while (const dirent* entry = ::readdir(directory)) count += entry->d_name[0] != '.' ? 1 : 0;
  ::closedir(directory);
  return count - 1;  // the directory itself
}

void collect_process() {
  set("rhumb_start_time_seconds", static_cast<uint64_t>(kStarted));
  gauge("rhumb_build_info", {{"version", base::kRhumbVersion}}).set(1);
  set("rhumb_memory_mapped_bytes", base::mapped_memory());
  set("rhumb_open_files", open_files());
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) set("rhumb_open_files_limit", files.rlim_cur);
  set("rhumb_requests_running", base::watched_count());
  static base::Counter& calls = base::counter("rhumb_plugin_calls_total");
  static uint64_t told = 0;  // collectors run one at a time
  const uint64_t now = plugin::calls();
  calls.add(static_cast<double>(now - std::exchange(told, now)));
}

void collect_disk(const std::string& directory) {
  struct statvfs disk {};
  if (::statvfs(directory.c_str(), &disk) != 0) return;
  const shard::ShardOptions defaults;
  const uint64_t total = disk.f_blocks * disk.f_frsize;
  set("rhumb_disk_bytes", total);
  set("rhumb_disk_free_bytes", disk.f_bavail * disk.f_frsize);
  set("rhumb_disk_reserve_bytes",
      std::min(defaults.disk_reserve_bytes, total / defaults.disk_reserve_divisor));
}

}  // namespace

// An alarm on an increase sees the first fault only if the counter was there before it, at 0.
void Node::make_counters() {
  for (const base::MetricRow& row : base::metric_rows()) {
    if (row.kind == base::MetricKind::kCounter && row.labels.empty()) (void)base::counter(row.name);
  }
  // The kinds with which the contexts of host/plugin/call_count.h begin.
  for (const char* kind : {"auth", "consensus", "index", "log", "router", "store"})
    (void)base::counter("rhumb_plugin_errors_total", {{"kind", kind}});
  for (const char* outcome : {"failed", "published"})
    (void)base::counter("rhumb_graph_renewals_total", {{"outcome", outcome}});
  for (const char* outcome : {"cancelled", "done", "failed"})
    (void)base::counter("rhumb_segment_merges_total", {{"outcome", outcome}});
  for (const char* job : {"create", "restore"}) {
    for (const char* outcome : {"done", "failed"})
      (void)base::counter("rhumb_snapshots_total", {{"job", job}, {"outcome", outcome}});
  }
}

void Node::collect() const {
  collect_process();
  collect_disk(options_.data_directory);
  collect_queues();
  collect_shards();
  if (const auto use = log_->use(); use.ok()) set("rhumb_log_bytes", use->bytes);
  set("rhumb_log_limit_bytes", options_.log_bytes);
  for (const plugin::PluginInfo& plugin : plugins_->inventory()) {
    for (const plugin::EngineInfo& engine : plugin.engines)
      gauge("rhumb_engine_memory_bytes", {{"kind", engine.kind}, {"engine", engine.id}})
          .set(static_cast<double>(engine.memory_bytes));
  }
}

void Node::collect_queues() const {
  const std::pair<const char*, const base::Executor*> queues[] = {{"requests", pool_.get()},
                                                                  {"apply", apply_.get()},
                                                                  {"background", background_.get()},
                                                                  {"renewals", renewals_.get()}};
  for (const auto& [name, executor] : queues)
    gauge("rhumb_queue_tasks", {{"queue", name}}).set(static_cast<double>(executor->queued()));
}

void Node::collect_shards() const {
  uint64_t serving = 0, failed = worker_->replicas().failed(), points = 0, segments = 0, rows = 0,
           lag = 0;
  uint64_t scrubbed = 0;
  double scan_ms = 0;
  for (const auto& replica : worker_->replicas().all()) {
    if (!replica->serving) continue;
    const shard::Shard& shard = *replica->shard;
    ++(shard.fenced().ok() ? serving : failed);
    const shard::Shard::Load load = shard.load();
    points += load.points;
    segments += load.segments;
    rows += load.tail.rows;
    scan_ms = std::max(scan_ms, load.tail.scan_ms);
    const uint64_t given = replica->committed.load(std::memory_order_relaxed),
                   applied = shard.applied_index();
    scrubbed = std::max(scrubbed, shard.scrubbed_seconds_ago());
    lag = std::max(lag, given - std::min(given, applied));
  }
  set("rhumb_shards", serving);
  set("rhumb_shards_failed", failed);
  set("rhumb_points", points);
  set("rhumb_segments", segments);
  set("rhumb_tail_rows", rows);
  gauge("rhumb_tail_scan_seconds").set(scan_ms / 1000);
  set("rhumb_apply_lag_entries", lag);
  set("rhumb_scrub_oldest_seconds", scrubbed);
  set("rhumb_collections", metadata_->map()->collections.size());
  std::string why;
  set("rhumb_ready", ready(&why) ? 1 : 0);
}

}  // namespace rhumb::app
