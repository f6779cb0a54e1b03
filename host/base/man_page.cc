#include "host/base/man_page.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "host/base/file.h"
#include "host/base/version.h"

namespace rhumb::base {
namespace {

// A number of a character outside ASCII: \[u2026].
void append_character(std::string& out, std::string_view bytes) {
  uint32_t code = static_cast<unsigned char>(bytes[0]) & (0xFFu >> (bytes.size() + 1));
  for (size_t i = 1; i < bytes.size(); ++i)
    code = code << 6 | (static_cast<unsigned char>(bytes[i]) & 0x3F);
  char text[16];
  std::snprintf(text, sizeof(text), "\\[u%04X]", code);
  out += text;
}

size_t utf8_bytes(char first) {
  const auto c = static_cast<unsigned char>(first);
  return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

// The first letter is large and there is a full stop at the end, as in a sentence.
std::string sentence(std::string text) {
  if (text.empty()) return text;
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  if (text.back() != '.') text += '.';
  return text;
}

std::string limits_of(const OptionRow& row) {
  if (row.max == 0 || row.max == UINT32_MAX || row.max == UINT64_MAX) return "";
  return " A number from " + std::to_string(row.min) + " to " + std::to_string(row.max) + ".";
}

void add_command(ManPage& page, const CommandRow& command) {
  for (const PositionRow& row : command.positions) page.item("", row.name, sentence(row.help));
  for (const OptionRow& row : command.options) page.option(row);
}

void add_environment(ManPage& page, const ProgramTable& program) {
  bool any = false;
  for (const OptionRow& row : program.common) {
    if (row.environment.empty()) continue;
    if (!any) page.heading("ENVIRONMENT");
    any = true;
    page.item(row.environment, "", "Stands in for --" + row.name + " where that is not given.");
  }
}

NamedPage page_of_command(const ProgramTable& program, const CommandRow& command,
                          const PageOptions& options) {
  const std::string name = program.name + "-" + command.name;
  ManPage page(name, options.section, command.summary);
  page.heading("SYNOPSIS");
  page.synopsis(program.name, command.synopsis);
  page.heading("DESCRIPTION");
  page.paragraph(sentence(command.summary));
  page.heading("OPTIONS");
  add_command(page, command);
  for (const OptionRow& row : program.common) page.option(row);
  add_environment(page, program);
  if (!command.examples.empty()) page.heading("EXAMPLES");
  for (const std::string& line : command.examples) page.example(line);
  page.see_also({{program.name, options.section}});
  const std::string section = std::to_string(options.section);
  return {"man" + section + "/" + name + "." + section, page.text()};
}

NamedPage page_of_program(const ProgramTable& program, const PageOptions& options) {
  ManPage page(program.name, options.section, program.summary);
  page.heading("SYNOPSIS");
  if (options.page_for_each_command) page.synopsis(program.name, "COMMAND [options]");
  for (const CommandRow& command : program.commands) {
    if (!options.page_for_each_command) page.synopsis(program.name, command.synopsis);
  }
  page.heading("COMMANDS");
  for (const CommandRow& command : program.commands) {
    const std::string page_name = options.page_for_each_command
                                      ? " See " + program.name + "-" + command.name + "(" +
                                            std::to_string(options.section) + ")."
                                      : "";
    page.item(command.name.empty() ? "(none)" : command.name, "",
              sentence(command.summary) + page_name);
  }
  page.heading("OPTIONS");
  for (const OptionRow& row : program.common) page.option(row);
  for (const CommandRow& command : program.commands) {
    if (!options.page_for_each_command) add_command(page, command);
  }
  add_environment(page, program);
  page.heading("NOTES");
  for (const std::string& note : program.notes) page.paragraph(sentence(note));
  auto others = options.see_also;
  for (const CommandRow& command : program.commands) {
    if (options.page_for_each_command)
      others.emplace_back(program.name + "-" + command.name, options.section);
  }
  page.see_also(others);
  const std::string section = std::to_string(options.section);
  return {"man" + section + "/" + program.name + "." + section, page.text()};
}

}  // namespace

std::string roff_text(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    const size_t bytes = std::min(utf8_bytes(c), text.size() - i);
    if (bytes > 1)
      append_character(out, text.substr(i, bytes));
    else if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";  // a minus, which can be copied into a shell
    else if (c == '\'')
      out += "\\(aq";
    else if (c == '`')
      out += "\\(ga";
    else if (c == '^')
      out += "\\(ha";
    else if (c == '~')
      out += "\\(ti";
    else if (c == '"')
      out += "\\(dq";  // it would delimit an argument of a request
    else if (c == '.' && (out.empty() || out.back() == '\n'))
      out += "\\&.";  // it would begin a request
    else
      out += c;
    i += bytes;
  }
  return out;
}

ManPage::ManPage(const std::string& name, int section, const std::string& summary) {
  text_ = ".\\\" Made from the tables of the program.\n.TH \"" + roff_text(name) + "\" " +
          std::to_string(section) + " \"\" \"Rhumb " + kRhumbVersion + "\" \"Rhumb\"\n" +
          ".SH NAME\n" + roff_text(name) + " \\- " + roff_text(summary) + "\n";
}

void ManPage::heading(const std::string& text) { text_ += ".SH " + roff_text(text) + "\n"; }

void ManPage::paragraph(const std::string& text) { text_ += ".PP\n" + roff_text(text) + "\n"; }

void ManPage::item(const std::string& term, const std::string& value, const std::string& text) {
  text_ += ".TP\n";
  if (!term.empty()) text_ += "\\fB" + roff_text(term) + "\\fR";
  if (!value.empty())
    text_ += std::string(term.empty() ? "" : " ") + "\\fI" + roff_text(value) + "\\fR";
  text_ += "\n" + roff_text(text) + "\n";
}

void ManPage::option(const OptionRow& row) {
  if (row.hidden) return;
  const std::string name = "--" + row.name;
  item(row.short_name == 0 ? name : std::string("-") + row.short_name + ", " + name, row.value,
       sentence(row.help) + limits_of(row));
}

void ManPage::example(const std::string& line) {
  text_ += ".PP\n.nf\n.RS 4\n" + roff_text(line) + "\n.RE\n.fi\n";
}

void ManPage::synopsis(const std::string& program, const std::string& words) {
  text_ += ".PP\n\\fB" + roff_text(program) + "\\fR " + roff_text(words) + "\n";
}

void ManPage::see_also(const std::vector<std::pair<std::string, int>>& pages) {
  if (pages.empty()) return;
  heading("SEE ALSO");
  std::string all;
  for (const auto& [name, section] : pages)
    all += (all.empty() ? "" : ",\n") + std::string("\\fB") + roff_text(name) + "\\fR(" +
           std::to_string(section) + ")";
  text_ += all + "\n";
}

std::vector<NamedPage> man_pages(const ProgramTable& program, const PageOptions& options) {
  std::vector<NamedPage> out = {page_of_program(program, options)};
  for (const CommandRow& command : program.commands) {
    if (options.page_for_each_command) out.push_back(page_of_command(program, command, options));
  }
  return out;
}

Status write_pages(const std::string& directory, const std::vector<NamedPage>& pages) {
  for (const NamedPage& page : pages) {
    const std::string path = directory + "/" + page.file;
    RHUMB_TRY(make_dirs(path.substr(0, path.rfind('/'))));
    RHUMB_TRY(write_file_atomic(path, page.text));
  }
  return ok();
}

}  // namespace rhumb::base
