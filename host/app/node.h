// The composition root. It makes the engines and roles of one node from its options and starts and
// stops them in the right order. No other place knows them all. The server of host/app reaches
// everything through it: the REST handler, readiness and health.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/app/check_report.h"
#include "host/app/snapshots/node_snapshots.h"
#include "host/app/watchdog.h"
#include "host/archive/snapshot_store.h"
#include "host/base/executor.h"
#include "host/base/limits.h"
#include "host/base/memory_guard.h"
#include "host/base/mutex.h"
#include "host/base/timer.h"
#include "host/consensus/group_host.h"
#include "host/gateway/cluster_gateway.h"
#include "host/http/rest/rest_handler.h"
#include "host/peer/channel.h"
#include "host/placement/service.h"
#include "host/plugin/registry.h"
#include "host/router/router.h"
#include "host/storage/log_store.h"
#include "host/worker/log_bound.h"
#include "host/worker/worker.h"

namespace rhumb::app {

struct NodeOptions {
  std::string data_directory, plugin_directory;
  std::string snapshot_urls;        // that may be fetched from, with commas between them
  std::string snapshots_directory;  // if empty: snapshots/ in the data directory
  std::string log_engine = "wal", kv_engine = "sqlite", consensus_engine = "raft",
              router_engine = "hash", index_engine = "rhumb";
  std::string log_config_json = "{}";
  uint64_t log_bytes = 4 * base::limits::kGiB;  // limit of the log
  uint64_t memory_bytes = 0;                    // limit of the process; 0: no limit
  uint32_t seal_rows = base::limits::kSegmentMaxRows;
  shard::CompactionOptions compaction;
  double recall_cpu_share = base::limits::kRecallCpuShare;
  uint64_t scrub_period_seconds = 0;  // 0: never
  uint64_t scrub_bytes_per_second = 0;
  uint32_t pool_threads = 2, apply_threads = 2, background_threads = 2, build_threads = 2;
  uint32_t tick_ms = 100, election_ticks = 10;
  peer::LoopbackMode loopback = peer::LoopbackMode::kDirect;
  segment::SegmentOptions segment;  // The sizes, which tests shrink. The node fills in the rest.
};

class Node {
 public:
  explicit Node(NodeOptions options);
  ~Node();  // calls stop()
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Loads the plugins and touches no data. start() calls it unless it was called before.
  base::Status load_plugins();
  // Recovers the data on disk and blocks until the metadata has been read. Call it on the control
  // thread.
  base::Status start();
  // For a server that stops: reads that still run at `when` end then.
  void cancel_reads_at(base::Deadline when);
  // Call it when no new requests come. It answers or fails running requests, checkpoints the shards
  // and flushes the log. It may be called again.
  void stop();

  // Returns true when every shard serves. Otherwise `why` says what is missing.
  bool ready(std::string* why) const;
  const plugin::PluginRegistry& plugins() const { return *plugins_; }
  base::Executor& pool() { return *pool_; }
  // Differs from that of every other node of every cluster. For a node that was started.
  std::string instance_id() const;
  uint64_t memory_limit() const { return memory_.limit(); }
  // What has to answer while the server makes progress. For a node that was started.
  std::vector<Watchdog::Part> watched_parts();
  // For `rhumbd check`: waits for each shard and verifies it. Call it on the control thread,
  // instead of serving.
  CheckReport check();
  gateway::Gateway& gateway() { return *gateway_; }  // for any front
  // The options that the REST front gets from the node. The caller adds `authorize`.
  http::rest::RestOptions rest_options();

 private:
  base::Status start_storage();
  base::Status start_metadata();
  base::Status open_snapshots();
  base::Status check_first_start() const;
  base::Status start_roles();
  void start_log_bound();
  void keep_heap_trimmed();
  void watch_memory(uint64_t changes_told);
  void memory_changed();  // called on a background thread
  void watch_overdue();
  static void make_counters();
  void collect() const;  // the metrics that are measured at each scrape (node_metrics.cc)
  void collect_queues() const;
  void collect_shards() const;
  void derived_damage(const base::Status& problem);  // called on any thread
  void check_shard(const std::string& collection, uint64_t shard,
                   const base::Result<worker::ReplicaPtr>& replica, CheckReport& report);

  const NodeOptions options_;
  base::Mutex damage_mutex_;
  std::vector<std::string> derived_damage_ RHUMB_GUARDED_BY(damage_mutex_);  // found by this start
  base::MemoryGuard memory_;
  base::TimerQueue timers_;
  std::unique_ptr<shard::RateBudget> recall_budget_;
  std::unique_ptr<shard::ScrubLedger> scrub_;
  std::unique_ptr<base::Executor> pool_, apply_, background_, renewals_, merges_;
  // The task of the watchdog: a strand has a place in a queue that is full.
  std::unique_ptr<base::Strand> watched_pool_;
  std::unique_ptr<plugin::PluginRegistry> plugins_;
  std::unique_ptr<storage::LogStore> log_;
  std::unique_ptr<consensus::GroupHost> groups_;
  std::unique_ptr<placement::Metadata> metadata_;
  std::unique_ptr<placement::Service> placement_;
  std::unique_ptr<shard::KvCache> kv_;
  std::unique_ptr<router::Router> router_;
  peer::Dispatcher dispatcher_;
  std::unique_ptr<peer::LoopbackChannel> channel_;
  std::unique_ptr<archive::SnapshotStore> snapshots_;
  std::unique_ptr<worker::LogBound> log_bound_;
  std::unique_ptr<worker::Worker> worker_;
  std::unique_ptr<gateway::ClusterGateway> gateway_;
  std::unique_ptr<NodeSnapshots> snapshot_jobs_;
  std::atomic<bool> stopped_{false};
  uint64_t collector_ = 0;  // id of the metrics collector
};

}  // namespace rhumb::app
