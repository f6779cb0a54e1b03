#include "host/model/topology.h"

#include <algorithm>

namespace rhumb::model {
namespace {

using base::ByteReader;
using base::ByteWriter;
using base::Result;

void encode(const ShardPlacement& s, ByteWriter& out) {
  out.u64(s.shard);
  out.u32(static_cast<uint32_t>(s.replicas.size()));
  for (const Replica& r : s.replicas) {
    out.u64(r.id);
    out.u64(r.node);
  }
}

ShardPlacement decode_placement(ByteReader& in) {
  ShardPlacement s;
  s.shard = in.u64();
  s.replicas.resize(in.count(16));
  for (Replica& r : s.replicas) {
    r.id = in.u64();
    r.node = in.u64();
  }
  return s;
}

// Checks the properties that the rest of the host relies on without checking them again.
base::Status check(const Collection& c) {
  RHUMB_TRY(check_runs(c.runs));
  for (const BucketRun& run : c.runs) {
    if (c.shard(run.shard) == nullptr)
      return base::corrupt("collection: a bucket run names shard " + std::to_string(run.shard) +
                           ", which does not exist");
  }
  for (const ShardPlacement& s : c.shards) {
    if (s.replicas.empty())
      return base::corrupt("collection: shard " + std::to_string(s.shard) + " has no replica");
  }
  return base::ok();
}

}  // namespace

base::Status check_runs(std::span<const BucketRun> runs) {
  uint64_t next = 0;
  for (const BucketRun& run : runs) {
    if (run.first != next || run.count == 0)
      return base::corrupt("bucket runs: a run begins at " + std::to_string(run.first) + ", but " +
                           std::to_string(next) + " is expected");
    next += run.count;
  }
  if (next != kBuckets)
    return base::corrupt("bucket runs: the last run ends at " + std::to_string(next) + ", not at " +
                         std::to_string(kBuckets));
  return base::ok();
}

const ShardPlacement* Collection::shard(uint64_t id) const {
  auto it = std::find_if(shards.begin(), shards.end(),
                         [id](const ShardPlacement& s) { return s.shard == id; });
  return it == shards.end() ? nullptr : &*it;
}

uint64_t Collection::shard_of_bucket(uint32_t bucket) const {
  auto it = std::upper_bound(runs.begin(), runs.end(), bucket,
                             [](uint32_t b, const BucketRun& run) { return b < run.first; });
  // The runs cover all buckets.
  RHUMB_ASSERT(it != runs.begin() && bucket < std::prev(it)->first + std::prev(it)->count);
  return std::prev(it)->shard;
}

std::shared_ptr<const Collection> ClusterMap::find(const std::string& name) const {
  auto it = collections.find(name);
  if (it != collections.end()) return it->second;
  auto alias = aliases.find(name);
  if (alias == aliases.end()) return nullptr;
  it = collections.find(alias->second);
  return it == collections.end() ? nullptr : it->second;
}

void encode(const Collection& c, ByteWriter& out) {
  out.blob(c.name);
  out.blob(c.uuid);
  out.u64(c.config_version);
  out.blob(to_json(c.config));
  out.blob(c.router);
  out.u32(static_cast<uint32_t>(c.shards.size()));
  for (const ShardPlacement& s : c.shards) encode(s, out);
  out.u32(static_cast<uint32_t>(c.runs.size()));
  for (const BucketRun& r : c.runs) {
    out.u32(r.first);
    out.u32(r.count);
    out.u64(r.shard);
  }
}

Result<Collection> decode_collection(ByteReader& in) {
  Collection c;
  c.name = std::string(in.blob());
  c.uuid = std::string(in.blob());
  c.config_version = in.u64();
  const std::string_view config = in.blob();
  if (in.failed()) return base::cut_short("collection");
  RHUMB_ASSIGN(c.config, collection_config_from_json(config));
  c.router = std::string(in.blob());
  const uint32_t shards = in.count(12);
  for (uint32_t i = 0; i < shards; ++i) c.shards.push_back(decode_placement(in));
  c.runs.resize(in.count(16));
  for (BucketRun& r : c.runs) {
    r.first = in.u32();
    r.count = in.u32();
    r.shard = in.u64();
  }
  if (in.failed()) return base::cut_short("collection");
  RHUMB_TRY(check(c));
  return c;
}

void encode(const ClusterMap& map, ByteWriter& out) {
  out.u64(map.version);
  out.blob(map.cluster_uuid);
  out.u64(map.next_shard);
  out.u64(map.next_replica);
  out.u32(static_cast<uint32_t>(map.nodes.size()));
  for (const auto& [id, node] : map.nodes) {
    out.u64(id);
    out.blob(node.address);
  }
  out.u32(static_cast<uint32_t>(map.collections.size()));
  for (const auto& [name, collection] : map.collections) encode(*collection, out);
  out.u32(static_cast<uint32_t>(map.aliases.size()));
  for (const auto& [alias, name] : map.aliases) {
    out.blob(alias);
    out.blob(name);
  }
}

Result<ClusterMap> decode_cluster_map(ByteReader& in) {
  ClusterMap map;
  map.version = in.u64();
  map.cluster_uuid = std::string(in.blob());
  map.next_shard = in.u64();
  map.next_replica = in.u64();
  const uint32_t nodes = in.count(12);
  for (uint32_t i = 0; i < nodes; ++i) {
    Node node;
    node.id = in.u64();
    node.address = std::string(in.blob());
    map.nodes[node.id] = node;
  }
  const uint32_t collections = in.count(36);
  for (uint32_t i = 0; i < collections; ++i) {
    RHUMB_ASSIGN(Collection c, decode_collection(in));
    const std::string name = c.name;
    map.collections[name] = std::make_shared<const Collection>(std::move(c));
  }
  const uint32_t aliases = in.count(8);
  for (uint32_t i = 0; i < aliases; ++i) {
    const std::string alias(in.blob());
    map.aliases[alias] = std::string(in.blob());
  }
  if (in.failed()) return base::cut_short("cluster map");
  return map;
}

}  // namespace rhumb::model
