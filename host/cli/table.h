// A table for people: columns as wide as their content, numbers to the right, cut to the width of
// the terminal.
#pragma once

#include <string>
#include <vector>

namespace rhumb::cli {

class Table {
 public:
  explicit Table(std::vector<std::string> headers, std::vector<bool> right_aligned = {});
  void row(std::vector<std::string> cells);
  // A `width` of 0 means no limit. The last column is shortened first.
  std::string render(size_t width) const;

 private:
  std::vector<std::string> headers_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

size_t terminal_width();  // columns of stdout; 0 if it is not a terminal
size_t display_width(const std::string& utf8);
// Ends with an ellipsis when text is lost.
std::string cut_to(const std::string& utf8, size_t width);
std::string with_commas(uint64_t n);

}  // namespace rhumb::cli
