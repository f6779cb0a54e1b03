#include "host/cli/command_line.h"

#include <CLI/CLI.hpp>

#include "host/base/version.h"
#include "host/cli/command_table.h"

namespace rhumb::cli {
namespace {

using base::OptionRow;

constexpr size_t kHelpColumn = 30;

std::string usage_of(const std::string& command) {
  const base::CommandRow* row = find_command(program(), command);
  return program().name + " " + (row == nullptr ? "COMMAND [options]" : row->synopsis);
}

// CLI11's help with our usage lines, and with the common options in the help of every command.
class Help : public CLI::Formatter {
 public:
  Help() {
    column_width(kHelpColumn);
    label("Positionals", "Arguments");
  }
  std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode mode) const override {
    const CLI::App* parent = app->get_parent();
    std::string out = make_description(app) + "\nUsage: ";
    out += usage_of(app->get_name()) + "\n";
    out += make_subcommands(app, mode) + make_positionals(app) + make_groups(app, mode);
    if (parent != nullptr) out += make_groups(parent, mode);
    return out + "\n" + make_footer(app);
  }
  std::string make_option_name(const CLI::Option* option, bool is_position) const override {
    std::string out = option->get_name(is_position, !is_position);
    if (const size_t comma = out.find(','); comma != std::string::npos) out.insert(comma + 1, " ");
    return out;
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string value = option->get_type_name();
    return value.empty() ? "" : " " + value;
  }
};

std::string names_of(const OptionRow& row) {
  const std::string name = "--" + row.name;
  return row.short_name == 0 ? name : std::string("-") + row.short_name + "," + name;
}

CLI::Validator validator(std::function<base::Status(const std::string&)> check) {
  return CLI::Validator(
      [check = std::move(check)](const std::string& value) { return check(value).message(); }, "");
}

// CLI11 does not show an option without a group.
void add_option(CLI::App& app, const OptionRow& row, std::string group) {
  if (row.hidden) group.clear();
  if (row.name == "help") {
    app.set_help_flag(names_of(row), row.help)->group(group);
  } else if (row.name == "version") {
    app.set_version_flag(names_of(row), program().name + " " + base::kRhumbVersion, row.help)
        ->group(group);
  } else if (row.value.empty()) {
    app.add_flag(names_of(row), row.help)->disable_flag_override()->group(group);
  } else {
    CLI::Option* option = app.add_option(names_of(row), CLI::callback_t(), row.help);
    option->type_name(row.value)->group(group)->envname(row.environment);
    option->check(validator([&row](const std::string& v) { return check_value(row, v); }));
    if (row.repeated) option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
}

std::string footer(const std::vector<std::string>& lines, const char* before, const char* between) {
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? before : between) + line;
  return out;
}

// `app` refers to the rows of the table, which live as long as the program.
void declare(CLI::App& app) {
  const base::ProgramTable& table = program();
  app.formatter(std::make_shared<Help>());
  app.footer("More about a command: rhumb COMMAND --help\n" + footer(table.notes, "\n", "\n\n"));
  // One command only: a collection may be called like another command. An option that the command
  // lacks is looked for among the common ones.
  app.require_subcommand(1)->fallthrough();
  for (const OptionRow& row : table.common) add_option(app, row, "Options of every command");
  for (const base::CommandRow& command : table.commands) {
    CLI::App* sub = app.add_subcommand(command.name, command.summary)->group("Commands");
    sub->set_help_flag();  // the common option is taken
    sub->footer(footer(command.examples, "Examples:\n  ", "\n  "));
    for (const base::PositionRow& row : command.positions) {
      sub->add_option(row.name, CLI::callback_t(), row.help)
          ->required(row.required)
          ->check(validator(
              [&row](const std::string& v) { return base::check_choice(row.choices, v); }));
    }
    for (const OptionRow& row : command.options) add_option(*sub, row, "Options");
  }
}

const CLI::App* chosen(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  return commands.empty() ? &app : commands.front();
}

std::string hint(const CLI::App& app) {
  const bool none = chosen(app) == &app;
  return "\nTry: rhumb " + (none ? "" : chosen(app)->get_name() + " ") + "--help";
}

std::string usage(const CLI::App& app) { return "; usage: " + usage_of(chosen(app)->get_name()); }

// Refuses the words that CLI11 could not place.
base::Status check_remaining(const CLI::App& app) {
  for (const std::string& word : app.remaining(true)) {
    if (word == "--") continue;
    if (word.starts_with("-")) return base::invalid("unknown option " + word + hint(app));
    if (chosen(app) == &app) return base::invalid("unknown command '" + word + "'" + hint(app));
    return base::invalid("unexpected word '" + word + "'" + usage(app) + hint(app));
  }
  return base::ok();
}

// CLI11's own words for a wrong number of values do not say what is missing.
std::string mismatch(const CLI::App& app, const std::string& text) {
  const std::string name = text.substr(0, text.find_first_of(": "));
  if (!name.starts_with("-")) return "--" + name + " takes no value";  // so it names a flag
  const CLI::Option* option = chosen(app)->get_option_no_throw(name);
  if (option == nullptr) option = app.get_option_no_throw(name);
  if (option == nullptr) return text;
  if (option->count() > 1) return name + " is given twice";
  return name + " needs a value: " + option->get_type_name();
}

base::Status refusal(const CLI::App& app, const CLI::ParseError& error) {
  RHUMB_TRY(check_remaining(app));
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
    return base::invalid(mismatch(app, error.what()) + hint(app));
  if (dynamic_cast<const CLI::RequiredError*>(&error) == nullptr)
    return base::invalid(error.what() + hint(app));
  const std::string missing = chosen(app) == &app ? "a command is required" : error.what();
  return base::invalid(missing + usage(app) + hint(app));
}

CommandLine values_of(const CLI::App& app) {
  const base::CommandRow* command = find_command(program(), chosen(app)->get_name());
  std::map<std::string, std::vector<std::string>> values;
  std::vector<std::string> positions;
  const auto take = [&values](const CLI::App& from, const std::vector<OptionRow>& rows) {
    for (const OptionRow& row : rows) {
      const CLI::Option* option = from.get_option_no_throw("--" + row.name);
      if (option == nullptr || option->count() == 0) continue;
      values[row.name] = row.value.empty() ? std::vector<std::string>() : option->results();
    }
  };
  take(*chosen(app), command->options);
  take(app, program().common);
  for (const base::PositionRow& row : command->positions) {
    for (const std::string& word : chosen(app)->get_option(row.name)->results())
      positions.push_back(word);
  }
  return {.command = command, .arguments = {std::move(values), std::move(positions)}};
}

// CLI11 takes `--name= word` for `--name word`, but it may come from `--name=$EMPTY word`.
void split_empty_values(std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    const std::string word = words[i];
    if (!word.starts_with("--") || word.find('=') != word.size() - 1) continue;
    words[i] = word.substr(0, word.size() - 1);
    words.insert(words.begin() + static_cast<ptrdiff_t>(++i), "");
  }
}

}  // namespace

base::Result<CommandLine> parse_command_line(std::vector<std::string> words) {
  if (!words.empty() && words[0] == "help") {  // help [COMMAND]
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  split_empty_values(words);
  CLI::App app(program().name + " " + base::kRhumbVersion + " - " + program().summary,
               program().name);
  declare(app);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // the last word comes first
  } catch (const CLI::CallForHelp&) {
    RHUMB_TRY(check_remaining(app));
    return CommandLine{.text = app.help()};
  } catch (const CLI::CallForVersion& version) {
    return CommandLine{.text = version.what() + std::string("\n")};
  } catch (const CLI::ParseError& error) {
    return refusal(app, error);
  }
  return values_of(app);
}

}  // namespace rhumb::cli
