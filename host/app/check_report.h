// What `rhumbd check` found, for people and for programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rhumb::app {

struct CheckedShard {
  std::string collection;
  uint64_t shard = 0, points = 0, applied = 0;
  std::string content_hash;  // hex
  bool whole = false;
};

// what: file, offset and what is wrong there. derived: made again from the rest, at the latest by
// the next start.
struct CheckProblem {
  std::string what;
  bool derived = false;
};

struct CheckReport {
  std::vector<CheckedShard> shards;
  std::vector<CheckProblem> problems;

  bool durable_damage() const;
};

std::string to_text(const CheckReport& report);  // a line a shard, a line a problem, a summary
std::string to_json(const CheckReport& report);

}  // namespace rhumb::app
