// The condition that the client set on a command's targets, tested on the point as it is at that
// place in the log. It is compiled once per command. It uses only the command and the point, so it
// is the same on every replica and at every replay.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/model/operation.h"
#include "host/payload/filter/matcher.h"

namespace rhumb::shard {

class PointState;

class CommandFilter {
 public:
  // `vector_names` are by column, as in FilterSchema. A filter that no leader would have put into a
  // command lets nothing pass.
  static CommandFilter of(const model::Command& command,
                          const std::vector<std::string>& vector_names);
  // Returns whether target i is to be changed. kCorrupt means that the stored point is damaged.
  base::Result<bool> lets_pass(const model::Command& command, size_t i, PointState& point) const;

 private:
  std::optional<payload::Matcher> matcher_;
};

}  // namespace rhumb::shard
