#include "host/gateway/session.h"

#include <unordered_set>

#include "host/base/base64.h"
#include "host/base/bytes.h"

namespace rhumb::gateway {
namespace {

constexpr size_t kMaxTokenBytes = 16 * 1024;

}  // namespace

std::string encode_token(const ShardIndexes& indexes) {
  std::string bytes;
  base::ByteWriter w(bytes);
  for (const auto& [shard, index] : indexes) {
    w.u64(shard);
    w.u64(index);
  }
  return base::to_base64url(bytes);
}

base::Result<ShardIndexes> decode_token(const std::string& token) {
  const base::Status bad = base::invalid("X-Rhumb-Session: not a token of this server");
  if (token.size() > kMaxTokenBytes) return bad;
  std::string bytes(base::base64_bytes(token), '\0');
  if (!base::read_base64(token, reinterpret_cast<unsigned char*>(bytes.data())) ||
      bytes.size() % 16 != 0)
    return bad;
  ShardIndexes out;
  base::ByteReader r(bytes);
  while (r.remaining() > 0) {
    const uint64_t shard = r.u64();
    out[shard] = r.u64();
  }
  // A token with left-over bits, with digits of the other alphabet, or with a shard twice was not
  // made by this server.
  if (encode_token(out) != token) return bad;
  return out;
}

void SessionGuarantee::raise(uint64_t shard, uint64_t index) {
  base::MutexLock lock(mutex_);
  uint64_t& known = applied_[shard];
  known = std::max(known, index);
}

uint64_t SessionGuarantee::min_applied(uint64_t shard) const {
  base::MutexLock lock(mutex_);
  auto it = applied_.find(shard);
  return it == applied_.end() ? 0 : it->second;
}

ShardIndexes SessionGuarantee::of(const model::Collection& collection) const {
  base::MutexLock lock(mutex_);
  ShardIndexes out;
  for (const model::ShardPlacement& s : collection.shards) {
    auto it = applied_.find(s.shard);
    if (it != applied_.end()) out[s.shard] = it->second;
  }
  return out;
}

void SessionGuarantee::keep_only(const model::ClusterMap& map) {
  std::unordered_set<uint64_t> known;
  for (const auto& [name, collection] : map.collections) {
    for (const model::ShardPlacement& s : collection->shards) known.insert(s.shard);
  }
  base::MutexLock lock(mutex_);
  std::erase_if(applied_, [&](const auto& entry) { return !known.contains(entry.first); });
}

}  // namespace rhumb::gateway
