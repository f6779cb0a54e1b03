// A table for people: columns as wide as their content, numbers to the right, cut to the terminal's
// width.
#pragma once

#include <string>
#include <vector>

namespace rhumb::cli {

class Table {
 public:
  explicit Table(std::vector<std::string> headers, std::vector<bool> right_aligned = {});
  void row(std::vector<std::string> cells);
  // width 0 = as wide as it gets. The last column gives way first.
  std::string render(size_t width) const;

 private:
  std::vector<std::string> headers_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

size_t terminal_width();  // columns of stdout; 0 if it is not a terminal
size_t display_width(const std::string& utf8);
// with an ellipsis when something is lost
std::string cut_to(const std::string& utf8, size_t width);
std::string with_commas(uint64_t n);

}  // namespace rhumb::cli
