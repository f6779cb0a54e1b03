// What a conformance run has found: one line a case, and a count of failures.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "rhumb/core.h"

namespace rhumb::check {

// Ends a case.
struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Skipped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Report {
 public:
  explicit Report(std::string suite) : suite_(std::move(suite)) {}
  // Runs one case and prints its outcome. An exception of any other type is a failure too.
  void run(std::string_view name, const std::function<void()>& body);
  int cases() const { return cases_; }
  int failures() const { return failures_; }

 private:
  const std::string suite_;
  int cases_ = 0, failures_ = 0;
};

inline void require(bool ok, const std::string& what) {
  if (!ok) throw Failed(what);
}
// The status that a call must give; error is what the plugin said, NULL if it has no say.
void require_status(rhumb_status_t expected, rhumb_status_t found, const std::string& call,
                    const rhumb_error_t* error = nullptr);
template <typename A, typename B>
void require_equal(const A& expected, const B& found, const std::string& what) {
  if (!(expected == found))
    throw Failed(what + ": expected " + std::to_string(expected) + ", found " + std::to_string(found));
}

// Throws Failed unless text is well-formed JSON of an object with all these members.
void require_json(std::string_view text, std::initializer_list<const char*> members, const std::string& what);

}  // namespace rhumb::check
