// The replicas of this node, kept equal to the cluster map: one control thread opens and configures
// them, another closes and removes them, so that no new collection waits for an old one.
// shards/<id> and the group's records in the log survive a crash. A directory that no map names any
// more is removed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/base/executor.h"
#include "host/base/mutex.h"
#include "host/base/timer.h"
#include "host/consensus/group_host.h"
#include "host/worker/replica.h"

namespace rhumb::worker {

struct ReplicasOptions {
  uint64_t node = 1;
  std::string directory;  // <data>/shards
  std::string images;     // <data>/images, made with the first image; a start removes it
  consensus::GroupHost* groups = nullptr;
  shard::KvCache* kv = nullptr;
  base::Executor* apply = nullptr;
  base::Executor* background = nullptr;
  base::TimerQueue* timers = nullptr;
  base::Executor* mergers = nullptr;  // as in ShardOptions
  shard::CompactionOptions compaction;
  shard::RateBudget* recall_budget = nullptr;  // as in ShardOptions
  shard::ScrubLedger* scrub = nullptr;         // as in ShardOptions
  segment::SegmentOptions segment;
};

class Replicas {
 public:
  explicit Replicas(ReplicasOptions options);
  ~Replicas();  // stop()

  // Any thread. Brings the replicas in line with `map`, later and in order. The first map must be
  // complete (all committed metadata applied), because replicas that it does not name are removed.
  void follow(std::shared_ptr<const model::ClusterMap> map);

  // Returns a replica that serves, or why there is none: kUnavailable while it opens, kNotFound.
  base::Result<ReplicaPtr> find(uint64_t shard) const;
  // Fires with the replica once it serves and holds at least that configuration version, with
  // kUnavailable at stop, or with kNotFound once it is dropped.
  void await(uint64_t shard, uint64_t config_version,
             std::function<void(base::Result<ReplicaPtr>)> done);
  std::vector<ReplicaPtr> all() const;
  // Any thread. Takes an image of the shard as images/<name> (host/shard/image), one image of the
  // node at a time. `done` fires when it is durable, on a thread of its own that may be blocked.
  void take_image(uint64_t shard, const std::string& name,
                  std::function<void(base::Result<shard::TakenImage>)> done);
  // The number of replicas that could not be opened.
  size_t failed() const;
  // True from the moment at which every replica of the newest map serves or has failed; until then
  // `why` names what is still opening. A collection that is created later opens its shards without
  // changing this.
  bool settled(std::string* why) const;
  // Closes all shards with a checkpoint. Idempotent.
  void stop();

 private:
  struct Waiter {
    uint64_t shard, config_version;
    std::function<void(base::Result<ReplicaPtr>)> done;
  };
  // [control]
  void reconcile(const model::ClusterMap& map);
  // [control]
  void open(const model::Collection& collection, const model::ShardPlacement& placement,
            const model::Replica& placed);
  // [control]
  void configure(const ReplicaPtr& replica, const model::Collection& collection);
  // [control] The shard is gone for its callers at once.
  void drop(const ReplicaPtr& replica);
  // [dropping] Waits for the work that the shard has begun, such as saving a large graph.
  void remove(const ReplicaPtr& replica);
  // [control]
  void remove_orphans(const model::ClusterMap& map);
  // [control, dropping] Blocks until the group is forgotten.
  void drop_group(uint64_t group);
  void group_began(const ReplicaPtr& replica);
  void opened(const ReplicaPtr& replica, const base::Status& status);
  void fire_ready() RHUMB_EXCLUDES(mutex_);  // calls the waiters
  std::string directory_of(uint64_t shard) const {
    return options_.directory + "/" + std::to_string(shard);
  }

  const ReplicasOptions options_;
  const std::shared_ptr<shard::RequestBudget> requests_ = std::make_shared<shard::RequestBudget>();
  base::Executor control_, dropping_;
  base::Executor imaging_;
  bool orphans_removed_ = false;  // [control]

  mutable base::Mutex mutex_;
  std::map<uint64_t, ReplicaPtr> replicas_ RHUMB_GUARDED_BY(mutex_);
  std::set<uint64_t> removing_ RHUMB_GUARDED_BY(mutex_);  // their directories are still there
  base::CondVar removed_;
  // shard -> the reason why it cannot be opened
  std::map<uint64_t, std::string> failed_ RHUMB_GUARDED_BY(mutex_);
  std::vector<Waiter> waiters_ RHUMB_GUARDED_BY(mutex_);
  uint64_t map_version_seen_ RHUMB_GUARDED_BY(mutex_) = 0;
  uint64_t map_version_done_ RHUMB_GUARDED_BY(mutex_) = 0;
  mutable bool settled_once_ RHUMB_GUARDED_BY(mutex_) = false;
  bool stopped_ RHUMB_GUARDED_BY(mutex_) = false;
};

}  // namespace rhumb::worker
