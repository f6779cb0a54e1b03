// Manual pages in roff (man(7)), from the tables of commands. Texts are plain; this file escapes
// them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/command_table.h"
#include "host/base/status.h"

namespace rhumb::base {

// Text as roff prints it unchanged: no word of it is a request or an escape.
std::string roff_text(std::string_view text);

// A page under construction. Each member appends what it is called.
class ManPage {
 public:
  ManPage(const std::string& name, int section, const std::string& summary);
  void heading(const std::string& text);
  void paragraph(const std::string& text);
  // A term in bold with what follows it, and what it stands for.
  void item(const std::string& term, const std::string& value, const std::string& text);
  void option(const OptionRow& row);
  void example(const std::string& line);
  void synopsis(const std::string& program, const std::string& words);
  void see_also(const std::vector<std::pair<std::string, int>>& pages);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

struct PageOptions {
  int section = 1;
  // Each command has a page of its own (rhumb-import), or all are on the page of the program.
  bool page_for_each_command = false;
  std::vector<std::pair<std::string, int>> see_also = {};
};
struct NamedPage {
  std::string file;  // "man1/rhumb.1"
  std::string text;
};
std::vector<NamedPage> man_pages(const ProgramTable& program, const PageOptions& options);

// Writes the files below the directory, which it makes.
Status write_pages(const std::string& directory, const std::vector<NamedPage>& pages);

}  // namespace rhumb::base
