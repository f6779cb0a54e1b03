#include "host/app/node.h"

#include <algorithm>
#include <future>

#include "host/base/file.h"
#include "host/base/heap.h"
#include "host/base/log.h"
#include "host/base/memory_measure.h"
#include "host/base/metrics.h"
#include "host/base/overdue.h"
#include "host/base/uuid.h"
#include "host/placement/command.h"
#include "rhumb/consensus.h"

namespace rhumb::app {
namespace {

using base::Code;
using base::Status;

constexpr uint64_t kFirstNode = 1, kFirstReplica = 1;
constexpr uint32_t kPoolQueue = base::limits::kMaxQueuedRequests;
// Entries are strands with one task each, so the number of shards bounds both queues.
constexpr uint32_t kApplyQueue = 65536, kBackgroundQueue = 65536;
constexpr uint64_t kMemoryLookMs = 250;  // one look takes microseconds
constexpr uint64_t kOverdueLookMs = 1000;
constexpr auto kStartTimeout = std::chrono::seconds(120);

// Calls `start(done)` and blocks until `done` is called.
template <typename Start>
Status wait_for(const char* what, Start start) {
  auto promise = std::make_shared<std::promise<Status>>();
  auto future = promise->get_future();
  start([promise](Status status) { promise->set_value(std::move(status)); });
  if (future.wait_for(kStartTimeout) != std::future_status::ready)
    return {Code::kTimeout, std::string(what) + " took longer than two minutes"};
  return future.get().within(what);
}

}  // namespace

Node::Node(NodeOptions options)
    : options_(std::move(options)),
      memory_(options_.memory_bytes, [] { return base::anonymous_memory(); }) {}

Node::~Node() { stop(); }

Status Node::load_plugins() {
  background_ =
      std::make_unique<base::Executor>("rhumb-bg", options_.background_threads, kBackgroundQueue);
  plugins_ = std::make_unique<plugin::PluginRegistry>(*background_);
  return plugins_->load_directory(options_.plugin_directory).within("plugins");
}

Status Node::start() {
  base::install_sigbus_guard();
  RHUMB_TRY(base::make_dirs(options_.data_directory + "/shards"));
  pool_ = std::make_unique<base::Executor>("rhumb-pool", options_.pool_threads, kPoolQueue);
  apply_ = std::make_unique<base::Executor>("rhumb-apply", options_.apply_threads, kApplyQueue);
  watched_pool_ = std::make_unique<base::Strand>(*pool_);
  renewals_ = std::make_unique<base::Executor>("rhumb-renew", 1, kBackgroundQueue);
  merges_ = std::make_unique<base::Executor>("rhumb-merge", 1, kBackgroundQueue);
  if (!plugins_) RHUMB_TRY(load_plugins());
  RHUMB_TRY(open_snapshots().within("snapshots"));
  RHUMB_TRY(start_storage());
  channel_ = std::make_unique<peer::LoopbackChannel>(dispatcher_, options_.loopback);
  RHUMB_TRY(start_metadata());
  return start_roles();
}

Status Node::open_snapshots() {
  const std::string directory = options_.snapshots_directory.empty()
                                    ? options_.data_directory + "/snapshots"
                                    : options_.snapshots_directory;
  RHUMB_ASSIGN(snapshots_, archive::SnapshotStore::open(directory, kFirstNode));
  return base::ok();
}

Status Node::start_storage() {
  const std::string directory = options_.data_directory + "/log";
  RHUMB_TRY(base::make_dirs(directory));
  RHUMB_ASSIGN(log_, storage::LogStore::open(*plugins_, options_.log_engine, directory,
                                             options_.log_config_json));
  consensus::GroupHostOptions groups;
  groups.engine = options_.consensus_engine;
  groups.tick_ms = options_.tick_ms;
  groups.election_ticks = options_.election_ticks;
  groups_ = std::make_unique<consensus::GroupHost>(*plugins_, *log_, groups,
                                                   consensus::GroupHost::MessageSender{});
  RHUMB_TRY(groups_->start().within("log"));
  kv_ = std::make_unique<shard::KvCache>(*plugins_, options_.kv_engine);
  return base::ok();
}

// Without this check, a lost log and metadata would make every shard look like a dropped one.
Status Node::check_first_start() const {
  RHUMB_ASSIGN(const auto shards, base::list_dir(options_.data_directory + "/shards"));
  if (shards.empty()) return base::ok();
  return base::corrupt(options_.data_directory + ": there are " + std::to_string(shards.size()) +
                       " shards, but neither a log nor metadata that name them: both were lost");
}

Status Node::start_metadata() {
  const std::string directory = options_.data_directory + "/metadata";
  RHUMB_TRY(base::make_dirs(directory));
  RHUMB_ASSIGN(auto store, storage::KvStore::open(*plugins_, options_.kv_engine, directory));
  RHUMB_ASSIGN(metadata_,
               placement::Metadata::open(std::move(store), *apply_, [this](uint64_t index) {
                 groups_->release(model::kMetadataGroup, index);
               }));
  const auto recovered = groups_->recovered_groups();
  const bool known =
      std::find(recovered.begin(), recovered.end(), model::kMetadataGroup) != recovered.end();
  if (!known && metadata_->durable_index() > 0) {
    return base::corrupt(
        options_.data_directory +
        ": the metadata has applied entries but its group is not in the log: the log was lost");
  }
  if (!known) RHUMB_TRY(check_first_start());
  RHUMB_TRY(wait_for("metadata group", [&](auto done) {
    if (known)
      groups_->open_group(model::kMetadataGroup, kFirstReplica, metadata_.get(), std::move(done));
    else
      groups_->create_group(model::kMetadataGroup, kFirstReplica, {{kFirstReplica, RHUMB_VOTER}},
                            metadata_.get(), std::move(done));
  }));
  placement_ = std::make_unique<placement::Service>(*metadata_, *groups_);
  placement_->bind(dispatcher_);
  if (!metadata_->map()->cluster_uuid.empty()) return base::ok();
  const placement::InitCluster init{base::uuid_text(base::random_uuid()), {kFirstNode, ""}};
  return wait_for("first start", [&](auto done) {
    channel_->call<peer::MetadataCommand>({placement::to_json(init)}, {},
                                          [done](const base::Result<peer::MetadataReply>& reply) {
                                            done(reply.ok() ? base::ok() : reply.status());
                                          });
  });
}

void Node::start_log_bound() {
  const auto checkpoint = [this](uint64_t group, std::function<void()> done) {
    if (group != model::kMetadataGroup) return worker_->checkpoint(group, std::move(done));
    metadata_->checkpoint([done = std::move(done)](const Status& status) {
      if (!status.ok())
        base::log_error("app", "the metadata could not be checkpointed",
                        {{"error", status.to_string()}});
      done();
    });
  };
  const auto groups = [this] {
    std::vector<uint64_t> all;
    for (const auto& replica : worker_->replicas().all()) all.push_back(replica->shard_id);
    return all;
  };
  log_bound_ = std::make_unique<worker::LogBound>(
      options_.log_bytes, [this] { return log_->use(); }, groups, checkpoint, *background_);
}

void Node::keep_heap_trimmed() {
  timers_.at(base::Deadline::after_ms(base::limits::kHeapLookMs), [this] {
    // When the pool is busy, the next turn does it.
    (void)background_->post(
        [this] { base::trim_heap(memory_.level() != base::MemoryLevel::kNormal); });
    keep_heap_trimmed();
  });
}

// `changes_told` is the number of level changes for which memory_changed() was posted.
void Node::watch_memory(uint64_t changes_told) {
  timers_.at(base::Deadline::after_ms(kMemoryLookMs), [this, changes_told] {
    memory_.look();
    const uint64_t changes = memory_.changes();
    const bool told =
        changes == changes_told || background_->post([this] { memory_changed(); }).ok();
    watch_memory(told ? changes : changes_told);
  });
}

void Node::memory_changed() {
  if (memory_.level() != base::MemoryLevel::kNormal) base::trim_heap(true);
  for (const auto& replica : worker_->replicas().all()) {
    if (replica->serving) replica->shard->memory_changed();
  }
}

Status Node::start_roles() {
  RHUMB_ASSIGN(router_, router::Router::open(*plugins_, options_.router_engine));
  worker::WorkerOptions options;
  options.pool = pool_.get();
  options.timers = &timers_;
  start_log_bound();
  options.log_bound = log_bound_.get();
  options.replicas.node = kFirstNode;
  options.replicas.directory = options_.data_directory + "/shards";
  options.replicas.images = options_.data_directory + "/images";
  options.replicas.groups = groups_.get();
  options.replicas.kv = kv_.get();
  options.replicas.apply = apply_.get();
  options.replicas.background = background_.get();
  options.replicas.timers = &timers_;
  options.replicas.mergers = merges_.get();
  options.replicas.compaction = options_.compaction;
  recall_budget_ =
      std::make_unique<shard::RateBudget>(options_.recall_cpu_share, base::limits::kRecallBudgetNs);
  options.replicas.recall_budget = recall_budget_.get();
  scrub_ = std::make_unique<shard::ScrubLedger>(options_.scrub_period_seconds,
                                                options_.scrub_bytes_per_second);
  options.replicas.scrub = scrub_.get();
  options.replicas.segment = options_.segment;
  options.replicas.segment.plugins = plugins_.get();
  options.replicas.segment.index_engine = options_.index_engine;
  options.replicas.segment.seal_rows = options_.seal_rows;
  options.replicas.segment.build_threads = options_.build_threads;
  options.replicas.segment.builders = background_.get();
  options.replicas.segment.renewers = renewals_.get();
  options.replicas.segment.memory = &memory_;
  options.replicas.segment.on_derived_damage = [this](const Status& problem) {
    derived_damage(problem);
  };
  worker_ = std::make_unique<worker::Worker>(options);
  worker_->bind(dispatcher_);
  worker_->start(*channel_);
  keep_heap_trimmed();
  watch_memory(0);
  make_counters();
  collector_ = base::add_collector([this] { collect(); });
  watch_overdue();
  gateway_ = std::make_unique<gateway::ClusterGateway>(
      [this](uint64_t) -> peer::Channel& { return *channel_; }, *router_);
  gateway_->start();
  SnapshotParts parts;
  parts.gateway = gateway_.get();
  parts.replicas = &worker_->replicas();
  parts.store = snapshots_.get();
  parts.node = kFirstNode;
  parts.router = router_->id();
  parts.images = options.replicas.images;
  parts.shards = options.replicas.directory;
  RHUMB_ASSIGN(parts.allowed_urls, AllowedUrls::parse(options_.snapshot_urls));
  snapshot_jobs_ = std::make_unique<NodeSnapshots>(std::move(parts));
  return wait_for("cluster map", [&](auto done) {
    gateway_->await_map(metadata_->map()->version, std::move(done));
  });
}

std::string Node::instance_id() const {
  return metadata_->map()->cluster_uuid + "/" + std::to_string(kFirstNode);
}

bool Node::ready(std::string* why) const {
  if (stopped_) {
    *why = "stopping";
    return false;
  }
  if (!groups_->healthy(why)) return false;
  // The log may fail in the background, and the groups learn that with their next write.
  if (const auto use = log_->use(); use.ok() && !use->failure.empty()) {
    *why = "the log has failed: " + use->failure;
    return false;
  }
  return worker_->replicas().settled(why);
}

http::rest::RestOptions Node::rest_options() {
  http::rest::RestOptions options;
  options.gateway = gateway_.get();
  options.pool = pool_.get();
  options.snapshots = snapshots_.get();
  options.snapshot_engine = snapshot_jobs_.get();
  options.plugins = [this] { return plugins_->inventory(); };
  options.points = [this] {
    uint64_t points = 0;
    for (const auto& replica : worker_->replicas().all()) {
      if (replica->serving) points += replica->shard->state().points;
    }
    return points;
  };
  return options;
}

void Node::watch_overdue() {
  timers_.at(base::Deadline::after_ms(kOverdueLookMs), [this] {
    (void)base::report_overdue();
    watch_overdue();
  });
}

std::vector<Watchdog::Part> Node::watched_parts() {
  const auto on = [](base::Strand& strand) {
    return [&strand](std::function<void()> answer) { strand.post(std::move(answer)); };
  };
  // One shard that hangs leaves the other threads of its pool free, so each shard is asked.
  const auto application = [this](std::function<void()> answer) {
    const std::shared_ptr<void> all(nullptr, [answer = std::move(answer)](void*) { answer(); });
    for (const auto& replica : worker_->replicas().all()) {
      if (replica->serving) replica->shard->after_apply([all] {});
    }
  };
  return {{"requests", on(*watched_pool_)},
          {"application", application},
          {"timer", [this](std::function<void()> answer) {
             timers_.at(base::Deadline::after_ms(0), std::move(answer));
           }}};
}

void Node::cancel_reads_at(base::Deadline when) {
  timers_.at(when, [this] { worker_->cancel_reads(); });
}

// Stops from front to back: a part is stopped after the parts that call it.
void Node::stop() {
  if (stopped_.exchange(true)) return;
  if (collector_ != 0) base::remove_collector(std::exchange(collector_, 0));
  if (worker_) worker_->cancel_reads();
  if (snapshot_jobs_) snapshot_jobs_->cancel();
  if (gateway_) gateway_->stop();
  if (log_bound_) log_bound_->stop();
  if (metadata_) metadata_->stop();
  if (worker_) worker_->stop();
  if (snapshot_jobs_) snapshot_jobs_->stop();
  if (groups_) groups_->stop();
  if (pool_) pool_->stop();
  if (apply_) apply_->stop();
  timers_.stop();
  if (renewals_) renewals_->stop();  // The shards have cancelled their renewals by now.
  if (merges_) merges_->stop();
  if (background_) background_->stop();
  snapshot_jobs_.reset();
  gateway_.reset();
  worker_.reset();
  placement_.reset();
  metadata_.reset();
  groups_.reset();
  log_bound_.reset();
  kv_.reset();
  log_.reset();
  router_.reset();
}

}  // namespace rhumb::app
