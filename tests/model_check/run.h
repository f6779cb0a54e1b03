// Random requests against server and model, through restarts. Each run of the server is a process
// of its own, so that killing it leaves what a killed server leaves.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace rhumb::model_check {

struct RunOptions {
  uint64_t seed = 0, operations = 0;
  std::function<void()> in_child;  // called before the server opens
};

struct RunResult {
  std::string difference;  // the first difference with its run and seed; empty: none
  // `cut_off` counts the requests under way at a kill that turned out to have happened.
  uint64_t operations = 0, lives = 0, kills = 0, cut_off = 0;
  uint64_t found = 0, possible = 0;  // of approximate searches
  uint64_t segments = 0;             // at the end
};

RunResult run(const RunOptions& options);

}  // namespace rhumb::model_check
