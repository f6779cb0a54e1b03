// Writes the merges of a collection's segments, for GET /collections/{c}/optimizations.
#pragma once

#include <set>
#include <string>

#include "host/gateway/gateway.h"

namespace rhumb::http::rest {

// What the client asked for beside the summary and what runs.
struct OptimizationsAsked {
  std::set<std::string> with;  // "queued", "completed", "idle_segments"
  size_t completed_limit = 16;
};
std::string optimizations_json(const gateway::CollectionState& state,
                               const OptimizationsAsked& asked);

}  // namespace rhumb::http::rest
