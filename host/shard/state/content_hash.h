// Content hashes: two replicas that applied the same log up to one index have the same ones,
// although their slots and segments may differ.
//
// A point's hash is XXH3-128 of its key, canonical payload and vectors by name; versions are not
// part of it. A shard keeps sums mod 2^128 of its points' hashes, one per group of buckets, so that
// a split can take its part of them. The total is the sum of all groups.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/status.h"
#include "host/segment/format.h"

namespace rhumb::shard {

using segment::Hash;

// `vectors` are pairs (name, row bytes) in the order of their names, without absent ones. `payload`
// is minified text; empty means no payload.
using HashedVectors = std::vector<std::pair<std::string_view, std::string_view>>;
base::Result<Hash> content_hash(std::string_view id_key, std::string_view payload,
                                const HashedVectors& vectors);

class HashSums {
 public:
  static constexpr uint32_t kGroups = 64;  // for 4,096 buckets: 64 neighbouring ones share a sum

  static uint32_t group_of(std::string_view id_key);
  void add(std::string_view id_key, const Hash& hash);
  void subtract(std::string_view id_key, const Hash& hash);
  void set(uint32_t group, const Hash& sum) { sums_[group] = sum; }
  const Hash& sum(uint32_t group) const { return sums_[group]; }
  Hash total() const;
  // Returns the groups that were changed since the last call.
  std::set<uint32_t> take_changed() { return std::exchange(changed_, {}); }

 private:
  std::array<Hash, kGroups> sums_{};
  std::set<uint32_t> changed_;
};

}  // namespace rhumb::shard
