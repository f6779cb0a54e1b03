// An operation turned into commands: explicit ids and the client's condition on them. In an
// operation by filter each id comes with the version at which the point was seen to match the
// filter.
//
// Commands are made one at a time, so that a filter that selects a million points does not need the
// memory of all their commands at once. A command takes over what no later command needs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/model/operation.h"

namespace rhumb::shard {

class Resolution {
 public:
  // `points` is parallel to `targets` for upserts and vector updates, which are one command, and
  // empty otherwise. Each command names at most `chunk` targets. An operation on no points is one
  // command without targets, so that it has a place in the log. `uuid_fields` are those that the
  // collection declares now, for the operation's filter.
  Resolution(model::Operation operation, std::vector<model::Target> targets,
             std::vector<model::PointWrite> points, std::vector<std::string> uuid_fields,
             size_t chunk);

  uint32_t parts() const { return parts_; }
  // Takes out the command of the next part, with its part number. The caller fills in the header's
  // session, sequence and request id, the attempt and the clock.
  model::Command next();
  bool done() const { return next_ == parts_; }
  size_t targets() const { return targets_.size(); }

 private:
  model::Operation operation_;  // without points, ids and filters
  std::shared_ptr<const model::Filter> filter_;
  std::vector<model::Target> targets_;
  std::vector<model::PointWrite> points_;
  std::vector<std::string> uuid_fields_;
  size_t chunk_;
  uint32_t parts_, next_ = 0;
};

}  // namespace rhumb::shard
