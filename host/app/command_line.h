// Turns the command line of rhumbd into settings, over the configuration file and the environment.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/app/upgrade/report.h"
#include "host/base/status.h"
#include "host/settings/settings.h"

namespace rhumb::app {

struct CommandLine {
  settings::Settings settings;
  std::string config_file;
  bool insecure = false, check_config = false, print_config = false, print_metrics = false;
  bool version = false, help = false;
  bool check = false;   // `rhumbd check`: verify the data directory and end
  bool doctor = false;  // `rhumbd doctor`: examine the machine and the configuration, and end
  // `rhumbd upgrade`: show, restore or remove the backup of an upgrade, and end.
  std::optional<upgrade::Action> upgrade;
  bool json = false;        // print the report of `check` or `doctor` as JSON
  std::string system_root;  // for `doctor`: where proc and sys lie
  // `doctor` reports why the configuration is not valid. For everything else that is an error.
  base::Status configuration = base::ok();
};

// `words` is the command line without the program's name. kInvalid names the word, key or line that
// is wrong.
base::Result<CommandLine> parse_command_line(const std::vector<std::string>& words);
std::string usage();

}  // namespace rhumb::app
