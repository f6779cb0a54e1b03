// What a command asks of a target before it changes it: the condition that the client set, tested
// on the point as it stands at that place in the log. Compiled once a command; the same on every
// replica and at every replay, because all that it looks at lies in the command and in the point.
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
  // vector_names: by column, as FilterSchema has them. A filter that no leader would have put into
  // a command lets nothing pass.
  static CommandFilter of(const model::Command& command,
                          const std::vector<std::string>& vector_names);
  // Whether target i is to be changed. kCorrupt: the stored point is damaged.
  base::Result<bool> lets_pass(const model::Command& command, size_t i, PointState& point) const;

 private:
  std::optional<payload::Matcher> matcher_;
};

}  // namespace rhumb::shard
