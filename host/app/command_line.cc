#include "host/app/command_line.h"

#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/OptionException.h>
#include <Poco/Util/OptionProcessor.h>
#include <Poco/Util/OptionSet.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "host/app/command_table.h"
#include "host/app/service.h"
#include "host/base/file.h"
#include "host/base/version.h"

extern char** environ;

namespace rhumb::app {
namespace {

using base::OptionRow;
using base::Result;

constexpr int kHelpColumns = 100;

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) out[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return out;
}

std::vector<OptionRow> options_of(const base::CommandRow& command) {
  std::vector<OptionRow> out = program().common;
  out.insert(out.end(), command.options.begin(), command.options.end());
  return out;
}

Poco::Util::OptionSet option_set(const std::vector<OptionRow>& rows) {
  Poco::Util::OptionSet out;
  for (const OptionRow& row : rows) {
    const std::string short_name(row.short_name == 0 ? 0 : 1, row.short_name);
    Poco::Util::Option option(row.name, short_name, row.help);
    option.repeatable(true);  // the last one counts, so that a script can override what it is given
    if (!row.value.empty()) option.argument(row.value);
    out.addOption(option);
  }
  return out;
}

// One option with its value, or a word that belongs to no option. `word` is how it was written.
struct Given {
  const OptionRow* option = nullptr;
  std::string word, value;
};

// Reads words one after the other. The value of an option may be a word of its own.
class WordReader {
 public:
  explicit WordReader(const std::vector<OptionRow>& rows)
      : rows_(rows), options_(option_set(rows)), processor_(options_) {
    processor_.setUnixStyle(true);
  }

  base::Status take(const std::string& word) {
    const std::string begun = std::exchange(waiting_, "");
    std::string name, value;
    try {
      if (!processor_.process(word, name, value)) {
        given_.push_back({nullptr, word, word});
        return base::ok();
      }
    } catch (const Poco::Util::UnexpectedArgumentException&) {
      return base::invalid(word.substr(0, word.find_first_of(":=")) + " takes no value");
    } catch (const Poco::Util::OptionException&) {
      return base::invalid("unknown option " + word);
    }
    if (name.empty()) {  // the value comes with the next word, if this is not the mark "--"
      if (word != "--") waiting_ = word;
      return base::ok();
    }
    return add(begun.empty() ? word.substr(0, word.find('=')) : begun, row(name), value);
  }

  Result<std::vector<Given>> finish() {
    if (!waiting_.empty()) return base::invalid(waiting_ + " needs a value");
    return std::move(given_);
  }

 private:
  base::Status add(const std::string& word, const OptionRow& option, const std::string& value) {
    // Poco also takes the beginning of a name and capitals. Then an option with a similar name
    // could not be added later.
    const bool exact = word.starts_with("--") ? word == "--" + option.name
                       : option.value.empty() ? word.size() == 2
                                              : true;
    if (!exact) return base::invalid("unknown option " + word);
    RHUMB_TRY(check_value(option, value).within(word));
    given_.push_back({&option, word, value});
    return base::ok();
  }

  const OptionRow& row(const std::string& name) const {
    return *std::find_if(rows_.begin(), rows_.end(),
                         [&](const OptionRow& r) { return r.name == name; });
  }

  const std::vector<OptionRow>& rows_;
  const Poco::Util::OptionSet options_;
  Poco::Util::OptionProcessor processor_;
  std::string waiting_;  // the option whose value is the next word
  std::vector<Given> given_;
};

struct Assignment {
  std::string word, path, value;
};

base::Status interpret(const Given& given, CommandLine& out, std::vector<Assignment>& assignments) {
  static const std::map<std::string, bool CommandLine::*> flags = {
      {"insecure", &CommandLine::insecure},         {"check-config", &CommandLine::check_config},
      {"print-config", &CommandLine::print_config}, {"print-metrics", &CommandLine::print_metrics},
      {"version", &CommandLine::version},           {"help", &CommandLine::help}};
  static const std::map<std::string, std::string> shorthands = {
      {"data", "node.data_dir"}, {"host", "http.host"}, {"port", "http.port"}};
  static const std::map<std::string, upgrade::Action> actions = {
      {"status", upgrade::Action::kStatus},
      {"rollback", upgrade::Action::kRollback},
      {"commit", upgrade::Action::kCommit}};
  if (given.option == nullptr) {
    if (!out.check && !out.upgrade) return base::invalid("unknown word '" + given.word + "'");
    assignments.push_back({given.word, "node.data_dir", given.value});
    return base::ok();
  }
  const std::string& name = given.option->name;
  if (const auto flag = flags.find(name); flag != flags.end()) {
    out.*flag->second = true;
  } else if (const auto action = actions.find(name); action != actions.end()) {
    out.upgrade = action->second;
  } else if (name == "output") {
    out.json = given.value == "json";
  } else if (name == "system-root") {
    out.system_root = given.value;
  } else if (name == "config") {
    out.config_file = given.value;
  } else if (name == "set") {
    const size_t equals = given.value.find('=');
    if (equals == std::string::npos)
      return base::invalid("--set: '" + given.value + "' is not section.key=value");
    assignments.push_back({"--set", given.value.substr(0, equals), given.value.substr(equals + 1)});
  } else {
    assignments.push_back({given.word, shorthands.at(name), given.value});
  }
  return base::ok();
}

base::Status load(CommandLine& out, const std::vector<Assignment>& assignments) {
  if (out.doctor && out.config_file.empty() && base::exists(service_config_file())) {
    out.config_file = service_config_file();
    RHUMB_TRY(settings::load_file_and_parts(out.settings, out.config_file));
    RHUMB_TRY(load_service_environment(out.settings));
  } else if (!out.config_file.empty()) {
    RHUMB_TRY(settings::load_file_and_parts(out.settings, out.config_file));
  }
  RHUMB_TRY(settings::load_environment(out.settings, environment()));
  for (const Assignment& a : assignments) {
    if (const base::Status status = settings::set(out.settings, a.path, a.value); !status.ok())
      return status.within(a.word);
  }
  return base::ok();
}

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<std::string>& words) {
  CommandLine out;
  out.check = !words.empty() && words.front() == "check";
  out.doctor = !words.empty() && words.front() == "doctor";
  if (!words.empty() && words.front() == "upgrade") out.upgrade = upgrade::Action::kStatus;
  const bool named = out.check || out.doctor || out.upgrade;
  const auto rows = options_of(*find_command(program(), named ? words.front() : ""));
  WordReader reader(rows);
  for (size_t i = named ? 1 : 0; i < words.size(); ++i) RHUMB_TRY(reader.take(words[i]));
  RHUMB_ASSIGN(const std::vector<Given> given, reader.finish());
  std::vector<Assignment> assignments;
  for (const Given& g : given) RHUMB_TRY(interpret(g, out, assignments));
  const base::Status loaded = load(out, assignments);
  if (!out.doctor) RHUMB_TRY(loaded);
  out.configuration = loaded;
  return out;
}

std::string usage() {
  const base::ProgramTable& table = program();
  std::vector<OptionRow> rows = table.common;
  for (const base::CommandRow& command : table.commands) {
    for (const OptionRow& row : command.options) {
      const bool known = std::any_of(rows.begin(), rows.end(),
                                     [&](const OptionRow& r) { return r.name == row.name; });
      if (!known && !row.hidden) rows.push_back(row);
    }
  }
  const Poco::Util::OptionSet options = option_set(rows);
  Poco::Util::HelpFormatter formatter(options);
  formatter.setUnixStyle(true);
  formatter.setWidth(kHelpColumns);
  formatter.setAutoIndent();
  formatter.setCommand(table.name);
  std::string usage_lines, footer;
  for (const base::CommandRow& command : table.commands) {
    usage_lines += (usage_lines.empty() ? "" : "\n" + table.name + " ") + command.synopsis;
    if (command.name.empty()) continue;  // the server, which the options describe
    footer += (footer.empty() ? "" : "\n\n") + command.summary;
  }
  formatter.setUsage(usage_lines + "\n");
  for (const std::string& note : table.notes) footer += "\n\n" + note;
  formatter.setFooter(footer);
  std::ostringstream out;
  out << table.name << ' ' << base::kRhumbVersion << " - " << table.summary << "\n\n";
  formatter.format(out);
  return out.str();
}

}  // namespace rhumb::app
