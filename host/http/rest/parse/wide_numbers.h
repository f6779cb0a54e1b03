// Wide arrays of numbers do not go through the JSON library, because a document of 1536 numbers
// costs as much as the search for them. Only parse_*.cc include this file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/http/rest/parse/json_dom.h"

namespace rhumb::http::rest {

// A body in which a string, the mark, replaces each wide array of numbers, together with the
// numbers. While it lives, take_wide_numbers() hands the numbers out on its thread. A thread has
// one such body at a time.
class WideNumbersBody {
 public:
  explicit WideNumbersBody(const std::string& body);
  ~WideNumbersBody();
  WideNumbersBody(const WideNumbersBody&) = delete;
  WideNumbersBody& operator=(const WideNumbersBody&) = delete;

  // Returns false when the body has no such array or an unusual one. Then the JSON library reads
  // the whole body.
  bool found() const { return !arrays_.empty(); }
  const std::string& text() const { return text_; }
  bool all_taken() const { return taken_ == arrays_.size(); }

 private:
  friend std::optional<std::vector<float>> take_wide_numbers(const Element& e);
  bool take_out(const std::string& body);
  std::string text_;
  std::vector<std::vector<float>> arrays_;
  size_t taken_ = 0;
};

bool is_wide_numbers(const Element& e);
// Returns the numbers for which `e` is the mark. Each array is handed out once.
std::optional<std::vector<float>> take_wide_numbers(const Element& e);

// Runs parse(element) on the body with marks. A body that this refuses, and a body with a wide
// array in a place where no vector is read, is parsed again as it came. So error messages and rare
// bodies come from the JSON library alone.
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
