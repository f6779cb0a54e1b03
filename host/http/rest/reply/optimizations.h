// Writes the merges of a collection's segments, for GET /collections/{c}/optimizations.
#pragma once

#include <set>
#include <string>

#include "host/gateway/gateway.h"

namespace rhumb::http::rest {

// A client that names no `completed_limit` gets this many, as Qdrant's does.
inline constexpr size_t kCompletedShown = 16;

// What the client asked for beside the summary and what runs.
struct OptimizationsAsked {
  std::set<std::string> with;  // "queued", "completed", "idle_segments"
  size_t completed_limit = kCompletedShown;
};
std::string optimizations_json(const gateway::Optimizations& shards,
                               const OptimizationsAsked& asked);

}  // namespace rhumb::http::rest
