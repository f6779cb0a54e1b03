// The session guarantee: a read through this gateway shows what the gateway has acknowledged with
// wait=true. The gateway keeps, per shard, the log index that a read must have seen. The token
// carries the same to another gateway. It is base64url of (u64 shard, u64 index) pairs and opaque
// to clients.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/model/topology.h"

namespace rhumb::gateway {

using ShardIndexes = std::map<uint64_t, uint64_t>;
std::string encode_token(const ShardIndexes& indexes);
base::Result<ShardIndexes> decode_token(const std::string& token);

class SessionGuarantee {
 public:
  void raise(uint64_t shard, uint64_t index);
  uint64_t min_applied(uint64_t shard) const;
  ShardIndexes of(const model::Collection& collection) const;
  void keep_only(const model::ClusterMap& map);  // forgets shards that are gone

 private:
  mutable base::Mutex mutex_;
  std::unordered_map<uint64_t, uint64_t> applied_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::gateway
