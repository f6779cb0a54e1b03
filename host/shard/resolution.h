// An operation turned into commands: explicit ids, each with the version that the decision was made for where state
// decided.
//
// Commands are made one at a time, so that a filter that selects a million points does not need a million points' worth
// of memory.
#pragma once

#include <cstdint>
#include <vector>

#include "host/base/status.h"
#include "host/model/operation.h"

namespace rhumb::shard {

class Resolution {
 public:
  // points: parallel to targets for upserts and vector updates, else empty. Each command names `chunk` targets at most;
  // an operation on nothing is one command without targets, so that it has a place in the log.
  Resolution(model::Operation operation, std::vector<model::Target> targets, std::vector<model::PointWrite> points,
             size_t chunk);

  uint32_t parts() const { return parts_; }
  // Command of part i, with its part number; the header's session, sequence and request id are the caller's to fill.
  model::Command command(uint32_t i) const;
  size_t targets() const { return targets_.size(); }

 private:
  model::Operation operation_;  // without points, ids and filters
  std::vector<model::Target> targets_;
  std::vector<model::PointWrite> points_;
  size_t chunk_;
  uint32_t parts_;
};

}  // namespace rhumb::shard
