// Wide arrays of numbers are read past the JSON library: a document of 1536 numbers costs as much
// as the search for them. Included by parse_*.cc only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/http/rest/parse/json_dom.h"

namespace rhumb::http::rest {

// A body in whose text a string, the mark, stands for each wide array of numbers, and these
// numbers. While it lives, take_lifted() gives them out on its thread; one at a time on a thread.
class LiftedBody {
 public:
  explicit LiftedBody(const std::string& body);
  ~LiftedBody();
  LiftedBody(const LiftedBody&) = delete;
  LiftedBody& operator=(const LiftedBody&) = delete;

  // False: the body has no such array, or one that is unusual; then it is the library's.
  bool found() const { return !arrays_.empty(); }
  const std::string& text() const { return text_; }
  bool all_taken() const { return taken_ == arrays_.size(); }

 private:
  friend std::optional<std::vector<float>> take_lifted(const Element& e);
  bool lift(const std::string& body);
  std::string text_;
  std::vector<std::vector<float>> arrays_;
  size_t taken_ = 0;
};

bool is_lifted(const Element& e);
// The numbers that `e` is the mark of; once.
std::optional<std::vector<float>> take_lifted(const Element& e);

// parse(element) over the lifted body. Whatever it refuses, and a body that has a wide array where
// no vector is taken from, is parsed again as it came: complaints and rare bodies are the library's
// alone.
template <typename Parse>
auto parse_lifted(const std::string& body, Parse parse)
    -> decltype(parse(std::declval<Element>())) {
  {
    const LiftedBody lifted(body);
    if (lifted.found()) {
      const auto e = parse_body(lifted.text());
      if (e.ok()) {
        auto parsed = parse(*e);
        if (parsed.ok() && lifted.all_taken()) return parsed;
      }
    }
  }
  RHUMB_ASSIGN(const Element e, parse_body(body));
  return parse(e);
}

}  // namespace rhumb::http::rest
