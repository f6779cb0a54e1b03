// The report of a conformance run: one line for each case, and the number of failures.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "rhumb/core.h"

namespace rhumb::check {

// A case throws one of these two to end early.
struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Skipped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Runs the cases of one suite and prints their outcomes. It counts cases and failures. One thread
// uses it.
class Report {
 public:
  explicit Report(std::string suite) : suite_(std::move(suite)) {}
  // Runs one case and prints its outcome. Any exception but Skipped is a failure.
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
// Throws Failed unless the call gave the expected status. `error` has the plugin's text, or is
// NULL.
void require_status(rhumb_status_t expected, rhumb_status_t found, const std::string& call,
                    const rhumb_error_t* error = nullptr);
template <typename A, typename B>
void require_equal(const A& expected, const B& found, const std::string& what) {
  if (!(expected == found))
    throw Failed(what + ": expected " + std::to_string(expected) + ", found " +
                 std::to_string(found));
}

// Throws Failed unless the text is a JSON object with all these members.
void require_json(std::string_view text, std::initializer_list<const char*> members,
                  const std::string& what);

}  // namespace rhumb::check
