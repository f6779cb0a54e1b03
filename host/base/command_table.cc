#include "host/base/command_table.h"

#include <algorithm>
#include <charconv>

namespace rhumb::base {

const CommandRow* find_command(const ProgramTable& program, std::string_view name) {
  const auto found = std::find_if(program.commands.begin(), program.commands.end(),
                                  [&](const CommandRow& row) { return row.name == name; });
  return found == program.commands.end() ? nullptr : &*found;
}

Status check_choice(const std::vector<std::string>& choices, const std::string& value) {
  if (choices.empty() || std::find(choices.begin(), choices.end(), value) != choices.end())
    return ok();
  std::string all;
  for (const std::string& choice : choices) all += (all.empty() ? "" : ", ") + choice;
  return invalid("'" + value + "' is not one of " + all);
}

Status check_value(const OptionRow& option, const std::string& value) {
  if (option.max == 0) return check_choice(option.choices, value);
  uint64_t number = 0;
  const char* end = value.data() + value.size();
  const auto [read_to, error] = std::from_chars(value.data(), end, number);
  if (error == std::errc() && read_to == end && number >= option.min && number <= option.max)
    return ok();
  return invalid("'" + value + "' is not a number from " + std::to_string(option.min) + " to " +
                 std::to_string(option.max));
}

}  // namespace rhumb::base
