// What a verification of a collection found: each shard recomputes the content hashes from the
// stored bytes and compares their sum with the sum that it keeps.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace rhumb::gateway {

struct ShardVerification {
  uint64_t shard = 0;
  bool ok = false;  // There is no error and both sums are equal.
  uint64_t applied_index = 0, points = 0;
  std::array<uint8_t, 16> kept_hash{}, computed_hash{};
  std::string error;  // the first problem that the shard found; empty: none
};

struct Verification {
  bool ok = false;      // Every shard is.
  uint64_t points = 0;  // in all shards
  std::vector<ShardVerification> shards;
};

}  // namespace rhumb::gateway
