// What a collection measured of the recall that it promises (docs/adr/0014).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rhumb::gateway {

// The mean recall of `samples` queries and its 95 % interval. Without samples the rest has no
// meaning.
struct MeasuredRecall {
  uint64_t samples = 0;
  double mean = 0, low = 0, high = 1;
};

enum class ContractState : uint8_t {
  kNone,  // no recall is promised
  kKept,
  kMissed,
  kMeasuring,  // too few samples to know
};

// The state with its evidence, of one shard or of all shards together.
struct ContractVerdict {
  ContractState state = ContractState::kNone;
  // While the state is kMeasuring: how many samples are missing, and how long they take. The time
  // is absent if it is not known. Both are 0 when the contract is kept or missed.
  uint64_t samples_missing = 0;
  std::optional<uint64_t> seconds_left = 0;
  // `searches` are real searches; `moved` are stored points that were moved a little. Real searches
  // decide if there were any, otherwise the moved points do.
  MeasuredRecall searches, moved;
  bool searches_decide = false;
  const MeasuredRecall& deciding() const { return searches_decide ? searches : moved; }
  uint64_t samples_total = 0;
  std::string limit;  // Why the recall differs from the promise. Empty if the reason is not known.
};

struct ShardContract {
  uint64_t shard = 0;
  ContractVerdict verdict;
  double widen = 1;                                       // factor on the breadth (ef) of searches
  std::vector<std::pair<uint64_t, std::string>> actions;  // wall clock in ms, action
  // What the engine measured of each segment, as the engine's JSON:
  // [{"segment", "vector", "points", "ef_recall": [[ef, recall], ..]}, ..]. Empty: nothing.
  std::string calibration_json;
};

struct ContractReport {
  double asked = 0;  // the promised recall; 0: none
  ContractVerdict verdict;
  std::vector<ShardContract> shards;
};

}  // namespace rhumb::gateway
