// Wide arrays of numbers are read past the JSON library: a document of 1536 numbers costs as much
// as the search for them. Included by parse_*.cc only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/http/rest/parse/json_dom.h"

namespace rhumb::http::rest {

// A body in whose text a string, the mark, stands for each wide array of numbers, and these
// numbers. While it lives, take_wide_numbers() gives them out on its thread; one at a time on a
// thread.
class WideNumbersBody {
 public:
  explicit WideNumbersBody(const std::string& body);
  ~WideNumbersBody();
  WideNumbersBody(const WideNumbersBody&) = delete;
  WideNumbersBody& operator=(const WideNumbersBody&) = delete;

  // False: the body has no such array, or one that is unusual; then it is the library's.
  bool found() const { return !arrays_.empty(); }
  const std::string& text() const { return text_; }
  bool all_taken() const { return taken_ == arrays_.size(); }

 private:
  friend std::optional<std::vector<float>> take_wide_numbers(const Element& e);
  bool lift(const std::string& body);
  std::string text_;
  std::vector<std::vector<float>> arrays_;
  size_t taken_ = 0;
};

bool is_wide_numbers(const Element& e);
// The numbers that `e` is the mark of; once.
std::optional<std::vector<float>> take_wide_numbers(const Element& e);

// parse(element) over the numbers body. Whatever it refuses, and a body that has a wide array where
// no vector is taken from, is parsed again as it came: complaints and rare bodies are the library's
// alone.
template <typename Parse>
auto parse_with_wide_numbers(const std::string& body, Parse parse)
    -> decltype(parse(std::declval<Element>())) {
  {
    const WideNumbersBody numbers(body);
    if (numbers.found()) {
      const auto e = parse_body(numbers.text());
      if (e.ok()) {
        auto parsed = parse(*e);
        if (parsed.ok() && numbers.all_taken()) return parsed;
      }
    }
  }
  RHUMB_ASSIGN(const Element e, parse_body(body));
  return parse(e);
}

}  // namespace rhumb::http::rest
