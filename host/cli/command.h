// The commands of `rhumb`: the options of each, its text in --help, and its function.
#pragma once

#include <memory>
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

struct CommandContext {
  Client& client;
  const Arguments& arguments;
  bool json = false;  // set by -o json
  bool quiet = false;
};

struct CommandInfo {
  std::string name, synopsis, summary;
  std::vector<Option> options;
  std::string examples;
  size_t min_positions = 0, max_positions = 0;
  base::Status (*run)(const CommandContext&) = nullptr;
};

const std::vector<CommandInfo>& commands();
int run(const std::vector<std::string>& words);  // the whole program except main()

base::Status run_status(const CommandContext& context);
base::Status run_collections(const CommandContext& context);
base::Status run_import(const CommandContext& context);
base::Status run_export(const CommandContext& context);
base::Status run_search(const CommandContext& context);

}  // namespace rhumb::cli
