#include "host/base/completion.h"

#include <algorithm>

namespace rhumb::base {
namespace {

// In single quotes of a shell; fish and the others differ in how they escape a quote.
std::string quoted(const std::string& text, const char* quote) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += quote;
    else
      out += c;
  }
  return out + "'";
}
std::string sh(const std::string& text) { return quoted(text, "'\\''"); }
std::string fish_text(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\\' ? "\\\\" : std::string(1, c);
  return quoted(out, "\\'");
}
// In a specification of zsh's _arguments, these have a meaning.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::string("[]:\\").find(c) != std::string::npos) out += '\\';
    out += c;
  }
  return out;
}

bool names_file(const OptionRow& row) {
  return row.value.starts_with("FILE") || row.value == "DIR";
}

std::vector<OptionRow> visible_options(const ProgramTable& program, const CommandRow& command) {
  std::vector<OptionRow> out;
  for (const auto* rows : {&command.options, &program.common}) {
    std::copy_if(rows->begin(), rows->end(), std::back_inserter(out),
                 [](const OptionRow& row) { return !row.hidden; });
  }
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string command_names(const ProgramTable& program) {
  std::vector<std::string> names;
  for (const CommandRow& command : program.commands) {
    if (!command.name.empty()) names.push_back(command.name);
  }
  return joined(names);
}

std::string option_names(const ProgramTable& program, const CommandRow& command) {
  std::vector<std::string> names;
  for (const OptionRow& row : visible_options(program, command)) {
    names.push_back("--" + row.name);
    if (row.short_name != 0) names.push_back(std::string("-") + row.short_name);
  }
  return joined(names);
}

std::string pattern_of(const OptionRow& row) {
  return "--" + row.name + (row.short_name == 0 ? "" : std::string("|-") + row.short_name);
}

// After an option with a value, bash completes the value: a choice, a file, or nothing.
std::string bash_values(const ProgramTable& program, const CommandRow& command) {
  std::string out;
  for (const OptionRow& row : visible_options(program, command)) {
    if (row.value.empty()) continue;
    const std::string reply = !row.choices.empty() ? "compgen -W " + sh(joined(row.choices))
                              : names_file(row)    ? "compgen -f"
                                                   : "";
    out += "        " + pattern_of(row) + ") " +
           (reply.empty() ? "return" : "COMPREPLY=($(" + reply + " -- \"$word\")); return") +
           " ;;\n";
  }
  return out;
}

std::string bash_words(const ProgramTable& program, const CommandRow& command) {
  std::vector<std::string> choices;
  bool files = false;
  for (const PositionRow& row : command.positions) {
    choices.insert(choices.end(), row.choices.begin(), row.choices.end());
    files = files || row.name == "FILE" || row.name == "DIR";
  }
  if (command.name.empty()) choices.push_back(command_names(program));
  std::string out = "      if [[ $word == -* ]]; then COMPREPLY=($(compgen -W " +
                    sh(option_names(program, command)) + " -- \"$word\"))\n      else COMPREPLY=(";
  if (!choices.empty()) out += "$(compgen -W " + sh(joined(choices)) + " -- \"$word\")";
  if (files) out += std::string(choices.empty() ? "" : " ") + "$(compgen -f -- \"$word\")";
  return out + "); fi ;;\n";
}

std::string bash(const ProgramTable& program) {
  const CommandRow* bare = find_command(program, "");
  const CommandRow none;
  std::string out =
      "# bash completion for " + program.name + "\n_" + program.name +
      "() {\n  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}"
      " command=${COMP_WORDS[1]}\n  [ \"$COMP_CWORD\" -gt 1 ] || command=\n"
      "  COMPREPLY=()\n  case $command in\n";
  for (const CommandRow& command : program.commands) {
    if (command.name.empty()) continue;
    out += "    " + command.name + ")\n      case $before in\n" + bash_values(program, command) +
           "      esac\n" + bash_words(program, command);
  }
  const CommandRow& rest = bare == nullptr ? none : *bare;
  out += "    *)\n      case $before in\n" + bash_values(program, rest) + "      esac\n" +
         bash_words(program, rest);
  return out + "  esac\n}\ncomplete -F _" + program.name + " " + program.name + "\n";
}

std::string zsh_options(const ProgramTable& program, const CommandRow& command) {
  std::string out;
  for (const OptionRow& row : visible_options(program, command)) {
    std::string action;
    if (!row.value.empty()) {
      const std::string what = !row.choices.empty() ? "(" + joined(row.choices) + ")"
                               : names_file(row)    ? "_files"
                                                    : "";
      action = ":" + zsh_text(row.value) + ":" + what;
    }
    const std::string mark = row.repeated ? "*" : "";
    out += " \\\n        " + sh(mark + "--" + row.name + "[" + zsh_text(row.help) + "]" + action);
    if (row.short_name != 0)
      out += " \\\n        " +
             sh(mark + "-" + row.short_name + "[" + zsh_text(row.help) + "]" + action);
  }
  for (const PositionRow& row : command.positions) {
    const std::string what = !row.choices.empty() ? "(" + joined(row.choices) + ")"
                             : row.name == "FILE" || row.name == "DIR" ? "_files"
                                                                       : "";
    out += " \\\n        " + sh((row.required ? ":" : "::") + zsh_text(row.name) + ":" + what);
  }
  return out;
}

std::string zsh(const ProgramTable& program) {
  const CommandRow* bare = find_command(program, "");
  const CommandRow none;
  std::string out = "#compdef " + program.name + "\n_" + program.name +
                    "() {\n  local -a commands\n  commands=(\n";
  for (const CommandRow& command : program.commands) {
    if (!command.name.empty())
      out += "    " + sh(command.name + ":" + zsh_text(command.summary)) + "\n";
  }
  out +=
      "  )\n  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then _describe command commands\n"
      "  else\n    local name=$words[2]\n    case $name in\n";
  for (const CommandRow& command : program.commands) {
    if (!command.name.empty())
      out += "      " + command.name + ") shift words; (( CURRENT-- )); _arguments -s" +
             zsh_options(program, command) + " ;;\n";
  }
  out += "      *) _arguments -s" + zsh_options(program, bare == nullptr ? none : *bare) + " ;;\n";
  return out + "    esac\n  fi\n}\n_" + program.name + " \"$@\"\n";
}

std::string fish_option(const std::string& begin, const OptionRow& row) {
  std::string out = begin + " -l " + row.name;
  if (row.short_name != 0) out += std::string(" -s ") + row.short_name;
  if (!row.choices.empty())
    out += " -x -a " + fish_text(joined(row.choices));
  else if (names_file(row))
    out += " -r -F";
  else if (!row.value.empty())
    out += " -x";
  return out + " -d " + fish_text(row.help) + "\n";
}

std::string fish(const ProgramTable& program) {
  const std::string begin = "complete -c " + program.name;
  const std::string first = " -n __fish_use_subcommand";
  std::string out = "# fish completion for " + program.name + "\n" + begin + " -f\n";
  for (const OptionRow& row : program.common) {
    if (!row.hidden) out += fish_option(begin, row);
  }
  for (const CommandRow& command : program.commands) {
    if (command.name.empty()) continue;
    out += begin + first + " -a " + command.name + " -d " + fish_text(command.summary) + "\n";
    const std::string seen = begin + " -n '__fish_seen_subcommand_from " + command.name + "'";
    for (const OptionRow& row : command.options) {
      if (!row.hidden) out += fish_option(seen, row);
    }
    for (const PositionRow& row : command.positions) {
      if (!row.choices.empty()) out += seen + " -a " + fish_text(joined(row.choices)) + "\n";
      if (row.name == "FILE" || row.name == "DIR") out += seen + " -F\n";
    }
  }
  return out;
}

}  // namespace

std::vector<NamedPage> completions(const ProgramTable& program) {
  return {{"bash/" + program.name, bash(program)},
          {"zsh/_" + program.name, zsh(program)},
          {"fish/" + program.name + ".fish", fish(program)}};
}

}  // namespace rhumb::base
