// The options and commands of a program as data. The program's parser and its --help are made from
// this table, and so is everything else that describes its command line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"

namespace rhumb::base {

struct OptionRow {
  std::string name = {};  // without dashes
  char short_name = 0;
  std::string value = {};  // how the help names the value; empty for a flag
  std::string help = {};
  bool repeated = false;
  uint64_t min = 0, max = 0;              // the value is a number in this range, unless `max` is 0
  std::vector<std::string> choices = {};  // the value is one of these, unless there are none
  std::string environment = {};           // the variable that stands in for an absent option
  bool hidden = false;                    // of tests and builds; no help and no page shows it
};

struct PositionRow {
  std::string name = {}, help = {};
  bool required = false;
  std::vector<std::string> choices = {};
};

struct CommandRow {
  std::string name = {};      // empty for the program without a command
  std::string synopsis = {};  // the words after the program's name
  std::string summary = {};
  std::vector<PositionRow> positions = {};
  std::vector<OptionRow> options = {};
  std::vector<std::string> examples = {};
};

struct ProgramTable {
  std::string name = {}, summary = {};
  std::vector<CommandRow> commands = {};
  std::vector<OptionRow> common = {};   // options of every command
  std::vector<std::string> notes = {};  // paragraphs: exit codes, signals and so on
};

// Returns nullptr if there is no such command.
const CommandRow* find_command(const ProgramTable& program, std::string_view name);

// Tests the value against the row's range or choices. kInvalid names the value and what is taken.
Status check_value(const OptionRow& option, const std::string& value);
Status check_choice(const std::vector<std::string>& choices, const std::string& value);

}  // namespace rhumb::base
