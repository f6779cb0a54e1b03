#include "host/gateway/session.h"

#include <array>
#include <unordered_set>

#include "host/base/bytes.h"

namespace rhumb::gateway {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr size_t kMaxTokenBytes = 16 * 1024;

std::string base64url(std::string_view in) {
  std::string out;
  uint32_t bits = 0;
  int held = 0;
  for (const char c : in) {
    bits = (bits << 8) | static_cast<uint8_t>(c);
    held += 8;
    while (held >= 6) {
      held -= 6;
      out += kAlphabet[(bits >> held) & 63];
    }
  }
  if (held > 0) out += kAlphabet[(bits << (6 - held)) & 63];
  return out;
}

bool from_base64url(std::string_view in, std::string& out) {
  uint32_t bits = 0;
  int held = 0;
  for (const char c : in) {
    const size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return false;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>((bits >> held) & 255);
  }
  return true;
}

}  // namespace

std::string encode_token(const ShardIndexes& indexes) {
  std::string bytes;
  base::ByteWriter w(bytes);
  for (const auto& [shard, index] : indexes) {
    w.u64(shard);
    w.u64(index);
  }
  return base64url(bytes);
}

base::Result<ShardIndexes> decode_token(const std::string& token) {
  const base::Status bad = base::invalid("X-Rhumb-Session: not a token of this server");
  if (token.size() > kMaxTokenBytes) return bad;
  std::string bytes;
  if (!from_base64url(token, bytes) || bytes.size() % 16 != 0) return bad;
  ShardIndexes out;
  base::ByteReader r(bytes);
  while (r.remaining() > 0) {
    const uint64_t shard = r.u64();
    out[shard] = r.u64();
  }
  // A token with left-over bits, or with a shard twice, was not made by this server.
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
