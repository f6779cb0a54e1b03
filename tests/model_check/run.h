// Random requests against server and model, through restarts. Each life of the server is a process
// of its own, so that a killed one leaves what a killed server leaves.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace rhumb::model_check {

struct RunOptions {
  uint64_t seed = 0, operations = 0;
  std::function<void()> in_child;  // before the server opens
};

struct RunResult {
  std::string difference;  // the first one; empty: none. With life and seed
  // cut_off: requests under way at a kill that turned out to have happened
  uint64_t operations = 0, lives = 0, kills = 0, cut_off = 0;
  uint64_t found = 0, possible = 0;  // of approximate searches
  uint64_t segments = 0;             // at the end
};

RunResult run(const RunOptions& options);

}  // namespace rhumb::model_check
