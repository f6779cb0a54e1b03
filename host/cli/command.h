// Runs the commands of `rhumb`. command_table.h has their options and texts.
#pragma once

#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/cli/arguments.h"
#include "host/cli/client.h"

namespace rhumb::cli {

// Exit codes for scripts.
enum Exit : int {
  kExitOk = 0,
  kExitFailed = 1,
  kExitUsage = 2,
  kExitUnreachable = 3,
  kExitNotFound = 4
};

// The words do not make a command. The program ends with kExitUsage.
base::Status wrong_usage(std::string text);

struct CommandContext {
  Client& client;
  const Arguments& arguments;
  bool json = false;  // set by -o json
  bool quiet = false;
};

using Run = base::Status (*)(const CommandContext&);
Run find_run(const std::string& command);        // nullptr if there is no such command
int run(const std::vector<std::string>& words);  // the whole program except main()

base::Status run_status(const CommandContext& context);
base::Status run_collections(const CommandContext& context);
base::Status run_import(const CommandContext& context);
base::Status run_export(const CommandContext& context);
base::Status run_search(const CommandContext& context);
base::Status run_optimizations(const CommandContext& context);
base::Status run_snapshot(const CommandContext& context);
base::Status run_branch(const CommandContext& context);
base::Status run_diff(const CommandContext& context);
base::Status run_size(const CommandContext& context);
// Replaces this program by `rhumbd doctor`, and returns only if that is not possible.
base::Status run_doctor(const CommandContext& context);

}  // namespace rhumb::cli
