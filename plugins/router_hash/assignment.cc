#include "assignment.h"

#include <algorithm>
#include <map>
#include <string>

#include "rhumb/cpp/guard.h"

namespace rhumb::router_hash {
namespace {

// Fits the number of buckets times a sum of 64-bit weights.
__extension__ using Wide = unsigned __int128;

constexpr uint32_t kFree = ~0u;

// An active shard and its place in the new map.
struct Owner {
  uint64_t shard, weight;
  uint32_t has = 0;     // number of buckets that the shard owns now
  uint32_t target = 0;  // number of buckets that it will own
  Wide rest = 0;        // remainder of its share after rounding down
};

std::vector<Owner> active(std::span<const rhumb_shard_t> shards) {
  std::vector<Owner> owners;
  Wide total = 0;
  for (const rhumb_shard_t& s : shards) {
    if (s.state != RHUMB_SHARD_ACTIVE && s.state != RHUMB_SHARD_LEAVING) {
      throw Error(RHUMB_INVALID, "shard " + std::to_string(s.shard) + ": unknown state " +
                                     std::to_string(s.state));
    }
    if (s.state == RHUMB_SHARD_ACTIVE) owners.push_back({s.shard, s.weight});
    if (s.state == RHUMB_SHARD_ACTIVE) total += s.weight;
  }
  if (total == 0) throw Error(RHUMB_INVALID, "no active shard has a weight");
  std::sort(owners.begin(), owners.end(),
            [](const Owner& a, const Owner& b) { return a.shard < b.shard; });
  for (size_t i = 1; i < owners.size(); ++i) {
    if (owners[i - 1].shard == owners[i].shard)
      throw Error(RHUMB_INVALID, "shard " + std::to_string(owners[i].shard) + " is named twice");
  }
  return owners;
}

// Returns the owner of each bucket as an index into `owners`, or kFree if the bucket has no owner
// any more.
std::vector<uint32_t> present_map(std::span<const rhumb_bucket_run_t> now,
                                  std::vector<Owner>& owners) {
  std::map<uint64_t, uint32_t> index;
  for (uint32_t i = 0; i < owners.size(); ++i) index[owners[i].shard] = i;
  std::vector<uint32_t> map;
  map.reserve(RHUMB_BUCKETS);
  for (const rhumb_bucket_run_t& run : now) {
    if (run.first != map.size() || run.count == 0 || run.count > RHUMB_BUCKETS - run.first) {
      throw Error(RHUMB_INVALID,
                  "present map: the run at bucket " + std::to_string(run.first) + " does not join");
    }
    const auto it = index.find(run.shard);
    const uint32_t owner = it == index.end() ? kFree : it->second;
    map.insert(map.end(), run.count, owner);
    if (owner != kFree) owners[owner].has += run.count;
  }
  if (!now.empty() && map.size() != RHUMB_BUCKETS)
    throw Error(RHUMB_INVALID, "present map: ends at bucket " + std::to_string(map.size()));
  map.resize(RHUMB_BUCKETS, kFree);
  return map;
}

// Distributes by largest remainder, except that a shard which already owns more than its rounded
// share is the first to keep an extra bucket. So fewer buckets move.
void set_targets(std::vector<Owner>& owners) {
  Wide total = 0;
  for (const Owner& o : owners) total += o.weight;
  uint32_t left = RHUMB_BUCKETS;
  std::vector<Owner*> rounded_down;
  for (Owner& o : owners) {
    const Wide share = Wide{RHUMB_BUCKETS} * o.weight;
    o.target = static_cast<uint32_t>(share / total);
    o.rest = share % total;
    left -= o.target;
    if (o.rest != 0) rounded_down.push_back(&o);
  }
  std::stable_sort(rounded_down.begin(), rounded_down.end(), [](const Owner* a, const Owner* b) {
    const bool a_keeps = a->has > a->target, b_keeps = b->has > b->target;
    return a_keeps != b_keeps ? a_keeps : a->rest > b->rest;
  });
  for (uint32_t i = 0; i < left; ++i) ++rounded_down[i]->target;
}

}  // namespace

std::vector<rhumb_bucket_run_t> assign(std::span<const rhumb_bucket_run_t> now,
                                       std::span<const rhumb_shard_t> shards) {
  std::vector<Owner> owners = active(shards);
  std::vector<uint32_t> map = present_map(now, owners);
  set_targets(owners);

  // A shard that has too many buckets gives away its last ones, so that runs stay long.
  for (uint32_t bucket = RHUMB_BUCKETS; bucket-- > 0;) {
    if (map[bucket] == kFree) continue;
    Owner& owner = owners[map[bucket]];
    if (owner.has <= owner.target) continue;
    --owner.has;
    map[bucket] = kFree;
  }
  size_t taker = 0;
  for (uint32_t& owner : map) {
    if (owner != kFree) continue;
    while (owners[taker].has == owners[taker].target) ++taker;
    ++owners[taker].has;
    owner = static_cast<uint32_t>(taker);
  }

  std::vector<rhumb_bucket_run_t> runs;
  for (uint32_t bucket = 0; bucket < RHUMB_BUCKETS; ++bucket) {
    const uint64_t shard = owners[map[bucket]].shard;
    if (!runs.empty() && runs.back().shard == shard)
      ++runs.back().count;
    else
      runs.push_back({bucket, 1, shard});
  }
  return runs;
}

}  // namespace rhumb::router_hash
