#include "host/worker/replicas.h"

#include <charconv>
#include <future>
#include <set>

#include "host/base/file.h"
#include "host/base/log.h"
#include "host/shard/image/unfinished.h"
#include "rhumb/consensus.h"

namespace rhumb::worker {
namespace {

using base::Code;
using base::Status;

constexpr uint32_t kControlQueue = 4096;  // maps or dropped shards that may wait: pointers
constexpr uint32_t kImageQueue = 64;      // images that may wait

}  // namespace

Replicas::Replicas(ReplicasOptions options)
    : options_(std::move(options)),
      control_("rhumb-control", 1, kControlQueue),
      dropping_("rhumb-drop", 1, kControlQueue),
      imaging_("rhumb-image", 1, kImageQueue) {}

Replicas::~Replicas() { stop(); }

size_t Replicas::failed() const {
  const base::MutexLock lock(mutex_);
  return failed_.size();
}

void Replicas::follow(std::shared_ptr<const model::ClusterMap> map) {
  {
    base::MutexLock lock(mutex_);
    if (stopped_) return;
    map_version_seen_ = map->version;
  }
  const Status posted = control_.post([this, map = std::move(map)] { reconcile(*map); });
  if (!posted.ok())
    base::log_error("worker", "cluster map not followed", {{"error", posted.message()}});
}

void Replicas::reconcile(const model::ClusterMap& map) {
  if (!orphans_removed_) {
    remove_orphans(map);
    orphans_removed_ = true;
  }
  std::set<uint64_t> wanted;
  for (const auto& [name, collection] : map.collections) {
    for (const model::ShardPlacement& placement : collection->shards) {
      for (const model::Replica& placed : placement.replicas) {
        if (placed.node != options_.node) continue;
        wanted.insert(placement.shard);
        ReplicaPtr present;
        bool failed = false;
        {
          base::MutexLock lock(mutex_);
          if (stopped_) return;
          auto it = replicas_.find(placement.shard);
          if (it != replicas_.end()) present = it->second;
          failed = failed_.contains(placement.shard);
        }
        if (present != nullptr)
          configure(present, *collection);
        else if (!failed)
          open(*collection, placement, placed);
      }
    }
  }
  for (const ReplicaPtr& replica : all()) {
    if (!wanted.contains(replica->shard_id)) drop(replica);
  }
  {
    base::MutexLock lock(mutex_);
    std::erase_if(failed_, [&](const auto& entry) { return !wanted.contains(entry.first); });
    map_version_done_ = map.version;
  }
  fire_ready();
}

void Replicas::open(const model::Collection& collection, const model::ShardPlacement& placement,
                    const model::Replica& placed) {
  {
    const base::MutexLock lock(mutex_);  // a shard that left this node may come back
    while (removing_.contains(placement.shard)) removed_.wait(mutex_);
  }
  auto replica = std::make_shared<Replica>(placement.shard, placed.id);
  replica->collection = collection.name;
  shard::ShardOptions options;
  options.shard = placement.shard;
  options.directory = directory_of(placement.shard);
  options.config = collection.config;
  options.config_version = collection.config_version;
  options.segment = options_.segment;
  options.kv = options_.kv;
  options.apply = options_.apply;
  options.timers = options_.timers;
  options.mergers = options_.mergers;
  options.compaction = options_.compaction;
  options.recall_budget = options_.recall_budget;
  options.scrub = options_.scrub;
  options.background = options_.background;
  options.requests = requests_;
  options.release_log = [groups = options_.groups, group = placement.shard](uint64_t index) {
    groups->release(group, index);
  };
  auto opened_shard = shard::Shard::open(std::move(options));
  if (!opened_shard.ok()) return opened(replica, opened_shard.status());
  replica->shard = std::move(*opened_shard);
  replica->config_version = collection.config_version;
  const auto known = options_.groups->recovered_groups();
  const bool recovered = std::find(known.begin(), known.end(), placement.shard) != known.end();
  const uint64_t begins_at = replica->shard->begins_at();
  if (!recovered && replica->shard->durable_index() > begins_at) {
    return opened(
        replica,
        base::corrupt("shard " + std::to_string(placement.shard) +
                      " has applied entries but its group is not in the log: the log was lost"));
  }
  {
    base::MutexLock lock(mutex_);
    replicas_[placement.shard] = replica;
  }
  // What the log says about the state concerns the key-value store.
  auto done = [this, replica](const Status& status) {
    if (status.ok() && replica->shard->begins_at() > 0) return group_began(replica);
    opened(replica, status.within(directory_of(replica->shard_id) + "/kv"));
  };
  if (recovered)
    return options_.groups->open_group(placement.shard, placed.id, replica->shard.get(),
                                       std::move(done));
  std::vector<consensus::Member> voters;
  for (const model::Replica& r : placement.replicas) voters.push_back({r.id, RHUMB_VOTER});
  options_.groups->create_group(placement.shard, placed.id, std::move(voters), replica->shard.get(),
                                std::move(done), begins_at);
}

// The group of a shard that was restored from an image has its first record in the log. The loop
// thread must not wait for the disk.
void Replicas::group_began(const ReplicaPtr& replica) {
  const Status posted =
      control_.post([this, replica] { opened(replica, replica->shard->group_began()); });
  if (!posted.ok()) opened(replica, posted);
}

void Replicas::opened(const ReplicaPtr& replica, const Status& status) {
  if (!status.ok()) {
    base::log_error("worker", "shard cannot be opened",
                    {{"shard", replica->shard_id},
                     {"collection", replica->collection},
                     {"error", status.message()}});
    base::MutexLock lock(mutex_);
    failed_[replica->shard_id] = status.message();
  } else {
    replica->serving = true;
  }
  fire_ready();
}

void Replicas::configure(const ReplicaPtr& replica, const model::Collection& collection) {
  if (replica->config_version == collection.config_version) return;
  replica->shard->configure(collection.config, collection.config_version,
                            [shard = replica->shard_id](const Status& status) {
                              if (!status.ok())
                                base::log_warn("worker", "configuration not carried out",
                                               {{"shard", shard}, {"error", status.message()}});
                            });
  replica->config_version = collection.config_version;
}

void Replicas::drop_group(uint64_t group) {
  std::promise<Status> closed;
  options_.groups->close_group(group, true,
                               [&](Status status) { closed.set_value(std::move(status)); });
  const Status status = closed.get_future().get();
  if (!status.ok() && status.code() != Code::kNotFound)
    base::log_warn("worker", "group not dropped", {{"group", group}, {"error", status.message()}});
}

void Replicas::drop(const ReplicaPtr& replica) {
  {
    base::MutexLock lock(mutex_);
    replicas_.erase(replica->shard_id);
    removing_.insert(replica->shard_id);
  }
  replica->serving = false;
  // With so many shards to remove that the queue is full, changes of the map wait.
  if (!dropping_.post([this, replica] { remove(replica); }).ok()) remove(replica);
}

void Replicas::remove(const ReplicaPtr& replica) {
  drop_group(replica->shard_id);
  replica->shard->stop();  // without a checkpoint, because its files are removed
  options_.kv->close(directory_of(replica->shard_id) + "/kv");
  if (const Status status = base::remove_all(directory_of(replica->shard_id)); !status.ok()) {
    base::log_error("worker", "dropped shard not removed",
                    {{"shard", replica->shard_id}, {"error", status.message()}});
  }
  base::log_info("worker", "shard dropped",
                 {{"shard", replica->shard_id}, {"collection", replica->collection}});
  const base::MutexLock lock(mutex_);
  removing_.erase(replica->shard_id);
  removed_.notify_all();
}

// A crash may have left shards between the drop in the metadata and the removal here.
void Replicas::remove_orphans(const model::ClusterMap& map) {
  std::set<uint64_t> wanted;
  for (const auto& [name, collection] : map.collections) {
    for (const model::ShardPlacement& placement : collection->shards)
      wanted.insert(placement.shard);
  }
  for (const uint64_t group : options_.groups->recovered_groups()) {
    if (group >= model::kFirstShard && !wanted.contains(group)) drop_group(group);
  }
  Status removed = shard::remove_unfinished(options_.directory);
  if (removed.ok()) removed = base::remove_all(options_.images);
  if (!removed.ok())
    base::log_error("worker", "what an image or a restore left is not removed",
                    {{"error", removed.message()}});
  auto names = base::list_dir(options_.directory);
  if (!names.ok())
    return base::log_error("worker", "dropped shards not looked for",
                           {{"error", names.status().message()}});
  for (const std::string& name : *names) {
    uint64_t shard = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), shard);
    if (error != std::errc() || end != name.data() + name.size() || wanted.contains(shard))
      continue;
    // The metadata are older than this directory, so they must not remove it.
    if (shard >= map.next_shard) {
      base::log_error("worker", "a shard that the metadata never made is left alone",
                      {{"shard", shard}});
      continue;
    }
    base::log_info("worker", "removing a dropped shard", {{"shard", shard}});
    if (const Status status = base::remove_all(options_.directory + "/" + name); !status.ok()) {
      base::log_error("worker", "dropped shard not removed",
                      {{"shard", shard}, {"error", status.message()}});
    }
  }
}

base::Result<ReplicaPtr> Replicas::find(uint64_t shard) const {
  base::MutexLock lock(mutex_);
  if (auto it = failed_.find(shard); it != failed_.end())
    return Status(Code::kUnavailable,
                  "shard " + std::to_string(shard) + " cannot be opened: " + it->second);
  auto it = replicas_.find(shard);
  if (it == replicas_.end())
    return Status(Code::kUnavailable, "shard " + std::to_string(shard) + " is not on this node");
  if (!it->second->serving)
    return Status(Code::kUnavailable, "shard " + std::to_string(shard) + " is being opened");
  return it->second;
}

void Replicas::take_image(uint64_t shard, const std::string& name,
                          std::function<void(base::Result<shard::TakenImage>)> done) {
  const auto told = std::make_shared<decltype(done)>(std::move(done));
  const Status posted = imaging_.post([this, shard, name, told] {
    auto replica = find(shard);
    if (!replica.ok()) return (*told)(replica.status());
    if (const Status made = base::make_dirs(options_.images); !made.ok()) return (*told)(made);
    (*told)((*replica)->shard->take_image(options_.images + "/" + name));
  });
  if (!posted.ok()) (*told)(posted);
}

void Replicas::await(uint64_t shard, uint64_t config_version,
                     std::function<void(base::Result<ReplicaPtr>)> done) {
  {
    base::MutexLock lock(mutex_);
    if (!stopped_) {
      waiters_.push_back({shard, config_version, std::move(done)});
      done = nullptr;
    }
  }
  if (done) return done(Status(Code::kUnavailable, "stopping"));
  fire_ready();
}

void Replicas::fire_ready() {
  std::vector<std::function<void()>> ready;
  {
    base::MutexLock lock(mutex_);
    std::erase_if(waiters_, [&](Waiter& w) RHUMB_REQUIRES(mutex_) {
      auto failed = failed_.find(w.shard);
      auto it = replicas_.find(w.shard);
      base::Result<ReplicaPtr> answer = Status(Code::kNotFound, "the shard is gone");
      if (failed != failed_.end())
        answer = Status(Code::kUnavailable, "shard " + std::to_string(w.shard) +
                                                " cannot be opened: " + failed->second);
      else if (it == replicas_.end() && map_version_done_ < w.config_version)
        return false;
      else if (it != replicas_.end()) {
        if (!it->second->serving || it->second->config_version < w.config_version) return false;
        answer = it->second;
      }
      ready.emplace_back([done = std::move(w.done), answer = std::move(answer)]() mutable {
        done(std::move(answer));
      });
      return true;
    });
  }
  for (auto& fire : ready) fire();
}

std::vector<ReplicaPtr> Replicas::all() const {
  base::MutexLock lock(mutex_);
  std::vector<ReplicaPtr> out;
  for (const auto& [shard, replica] : replicas_) out.push_back(replica);
  return out;
}

bool Replicas::settled(std::string* why) const {
  base::MutexLock lock(mutex_);
  if (settled_once_) return true;
  if (map_version_seen_ == 0 || map_version_done_ < map_version_seen_) {
    *why = "shards are being opened";
    return false;
  }
  for (const auto& [shard, replica] : replicas_) {
    if (replica->serving || failed_.contains(shard)) continue;
    const auto percent = replica->shard->replay_percent();
    *why = percent
               ? "replaying " + std::to_string(*percent) + " % of shard " + std::to_string(shard)
               : "shard " + std::to_string(shard) + " is being opened";
    return false;
  }
  settled_once_ = true;
  return true;
}

void Replicas::stop() {
  std::vector<Waiter> waiters;
  {
    base::MutexLock lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
    waiters.swap(waiters_);
  }
  for (Waiter& w : waiters) w.done(Status(Code::kUnavailable, "stopping"));
  control_.stop();
  dropping_.stop();
  for (const ReplicaPtr& replica : all()) {
    replica->serving = false;
    std::promise<void> closed;
    options_.groups->close_group(replica->shard_id, false,
                                 [&](const Status&) { closed.set_value(); });
    closed.get_future().wait();
    if (const Status status = replica->shard->close(); !status.ok()) {
      base::log_warn("worker", "shard did not close cleanly",
                     {{"shard", replica->shard_id}, {"error", status.message()}});
    }
  }
  imaging_.stop();  // images of closed shards have ended
}

}  // namespace rhumb::worker
