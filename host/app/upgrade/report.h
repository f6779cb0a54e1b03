// What `rhumbd upgrade` does and says.
#pragma once

#include <string>

#include "host/base/status.h"

namespace rhumb::app::upgrade {

enum class Action { kStatus, kRollback, kCommit };

// Carries out the action and returns what to print. kInvalid if it is not a data directory,
// kUnavailable if a server has the directory open (kStatus may run beside one).
base::Result<std::string> carry_out(Action action, const std::string& directory);

}  // namespace rhumb::app::upgrade
