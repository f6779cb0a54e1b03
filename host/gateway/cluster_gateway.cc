#include "host/gateway/cluster_gateway.h"

#include "host/base/log.h"

namespace rhumb::gateway {

using base::Code;
using base::Status;

ClusterGateway::ClusterGateway(Channels channels, router::Router& router)
    : channels_(std::move(channels)), router_(router) {}

ClusterGateway::~ClusterGateway() { stop(); }

void ClusterGateway::start() { watch(0); }

void ClusterGateway::watch(uint64_t known_version) {
  placement().call<peer::WatchMap>({known_version}, {}, [this](base::Result<peer::MapReply> reply) {
    if (!reply.ok()) {
      if (reply.status().code() != Code::kUnavailable)
        base::log_error("gateway", "map watch failed", {{"error", reply.status().message()}});
      return;
    }
    take_map(reply->map);
  });
}

void ClusterGateway::take_map(const std::shared_ptr<const model::ClusterMap>& map) {
  std::vector<Done> ready;
  const uint64_t version = map->version;
  {
    base::MutexLock lock(mutex_);
    if (stopped_) return;
    map_ = map;
    std::erase_if(awaiting_, [&](auto& waiting) {
      if (waiting.first > version) return false;
      ready.push_back(std::move(waiting.second));
      return true;
    });
  }
  guarantee_.keep_only(*map);
  watch(version);
  for (Done& done : ready) done(base::ok());
}

void ClusterGateway::await_map(uint64_t version, Done done) {
  Status status;
  {
    base::MutexLock lock(mutex_);
    if (stopped_) {
      status = {Code::kUnavailable, "stopping"};
    } else if (map_->version < version) {
      awaiting_.emplace_back(version, std::move(done));
      return;
    }
  }
  done(status);
}

void ClusterGateway::stop() {
  std::vector<std::pair<uint64_t, Done>> awaiting;
  {
    base::MutexLock lock(mutex_);
    stopped_ = true;
    awaiting.swap(awaiting_);
  }
  for (auto& [version, done] : awaiting) done(Status(Code::kUnavailable, "stopping"));
}

std::shared_ptr<const model::ClusterMap> ClusterGateway::map() const {
  base::MutexLock lock(mutex_);
  return map_;
}

base::Result<CollectionPtr> ClusterGateway::find(const std::string& name_or_alias) const {
  CollectionPtr found = map()->find(name_or_alias);
  if (found == nullptr) return base::not_found("Collection `" + name_or_alias + "` doesn't exist!");
  return found;
}

std::string ClusterGateway::session_token(const CollectionPtr& collection) const {
  return encode_token(guarantee_.of(*collection));
}

peer::ReadLevel ClusterGateway::level_of(uint64_t shard, const ReadOptions& options,
                                         const ShardIndexes& session) const {
  peer::ReadLevel level;
  level.linearizable = options.linearizable;
  level.min_applied = guarantee_.min_applied(shard);
  if (auto it = session.find(shard); it != session.end())
    level.min_applied = std::max(level.min_applied, it->second);
  return level;
}

}  // namespace rhumb::gateway
