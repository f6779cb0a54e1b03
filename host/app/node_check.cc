// `rhumbd check`: reports for every collection of an unserved directory what GET
// {collection}/verify reports.
#include <future>

#include "host/app/node.h"
#include "host/base/hex.h"
#include "host/base/metrics.h"
#include "host/shard/shard.h"

namespace rhumb::app {

using base::Result;
using worker::ReplicaPtr;

void Node::derived_damage(const base::Status& problem) {
  const base::MutexLock lock(damage_mutex_);
  derived_damage_.push_back(problem.message());
  base::counter("rhumb_derived_damage_total").add();
}

CheckReport Node::check() {
  CheckReport report;
  const auto map = gateway_->map();
  for (const auto& [name, collection] : map->collections) {
    for (const model::ShardPlacement& placement : collection->shards) {
      std::promise<Result<ReplicaPtr>> opened;
      worker_->replicas().await(
          placement.shard, collection->config_version,
          [&](Result<ReplicaPtr> replica) { opened.set_value(std::move(replica)); });
      check_shard(name, placement.shard, opened.get_future().get(), report);
    }
  }
  const base::MutexLock lock(damage_mutex_);
  for (const std::string& what : derived_damage_) report.problems.push_back({what, true});
  return report;
}

void Node::check_shard(const std::string& collection, uint64_t shard,
                       const Result<ReplicaPtr>& replica, CheckReport& report) {
  CheckedShard checked;
  checked.collection = collection;
  checked.shard = shard;
  const auto found =
      replica.ok() ? (*replica)->shard->verify({}) : Result<shard::Verification>(replica.status());
  if (found.ok()) {
    checked.points = found->points;
    checked.applied = found->applied;
    checked.content_hash = base::hex(found->computed);
    checked.whole = found->problems.empty();
    for (const std::string& what : found->problems) report.problems.push_back({what, false});
    if (found->more_problems > 0)
      report.problems.push_back(
          {"shard " + std::to_string(shard) + ": " + std::to_string(found->more_problems) + " more",
           false});
  } else {
    report.problems.push_back({found.status().message(), false});
  }
  report.shards.push_back(std::move(checked));
}

}  // namespace rhumb::app
