// Reads the words of the command line with CLI11, which gets its options from the table of
// commands.
#pragma once

#include <string>
#include <vector>

#include "host/base/command_table.h"
#include "host/base/status.h"
#include "host/cli/arguments.h"

namespace rhumb::cli {

struct CommandLine {
  const base::CommandRow* command = nullptr;  // nullptr when `text` is all that is asked for
  Arguments arguments = {};
  std::string text = {};  // the help or the version
};

// `words` is the command line without the program's name. kInvalid names the word that is wrong,
// and says in a second line how to get help.
base::Result<CommandLine> parse_command_line(std::vector<std::string> words);

}  // namespace rhumb::cli
