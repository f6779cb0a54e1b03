// Creates a collection from options of the command line, for `collections create` and `import
// --create`.
#pragma once

#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/cli/command.h"

namespace rhumb::cli {

// Reads --distance, --shards and --index.
base::Status create_collection(const CommandContext& context, const std::string& name,
                               uint64_t size);

}  // namespace rhumb::cli
