// What the tests of the kernels share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rhumb/kernels.h"

inline constexpr uint32_t kMetrics[] = {RHUMB_COSINE, RHUMB_DOT, RHUMB_EUCLID, RHUMB_MANHATTAN};

// The forms of the kernels that this machine can run.
inline std::vector<std::string> forms() {
  std::vector<std::string> names;
  for (uint32_t i = 0; const char* name = rhumb_kernels_available(i); ++i) names.emplace_back(name);
  return names;
}
