// The findings of `rhumbd check`, for people and for programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rhumb::app {

struct CheckedShard {
  std::string collection;
  uint64_t shard = 0, points = 0, applied = 0;
  std::string content_hash;  // hexadecimal
  bool whole = false;
};

// `what` names the file, the offset and the fault there. `derived` says that the data are rebuilt
// from the rest, by the next start at the latest.
struct CheckProblem {
  std::string what;
  bool derived = false;
};

struct CheckReport {
  std::vector<CheckedShard> shards;
  std::vector<CheckProblem> problems;

  bool durable_damage() const;
};

// One line per shard, one line per problem, and a summary.
std::string to_text(const CheckReport& report);
std::string to_json(const CheckReport& report);

}  // namespace rhumb::app
