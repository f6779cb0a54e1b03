// Turns the command line of rhumbd into settings, over the configuration file and the environment.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/settings/settings.h"

namespace rhumb::app {

struct CommandLine {
  settings::Settings settings;
  std::string config_file;
  bool insecure = false, check_config = false, print_config = false, version = false, help = false;
  bool check = false;  // `rhumbd check`: verify the data directory and end
  bool json = false;   // print the report of `check` as JSON
};

// `words` is the command line without the program's name. kInvalid names the word, key or line that
// is wrong.
base::Result<CommandLine> parse_command_line(const std::vector<std::string>& words);
std::string usage();

}  // namespace rhumb::app
