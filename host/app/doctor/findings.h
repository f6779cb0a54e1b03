// The findings of `rhumbd doctor`, for people and for programs.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace rhumb::app::doctor {

enum class Grade { kOk = 0, kWarn = 1, kFail = 2 };  // the values are the program's exit codes

// `found` and `remedy` are one line each. A finding that is OK has no remedy.
struct Finding {
  Grade grade;
  std::string check, found, remedy;
};

class Findings {
 public:
  void ok(std::string check, std::string found) {
    all_.push_back({Grade::kOk, std::move(check), std::move(found), {}});
  }
  void warn(std::string check, std::string found, std::string remedy) {
    all_.push_back({Grade::kWarn, std::move(check), std::move(found), std::move(remedy)});
  }
  void fail(std::string check, std::string found, std::string remedy) {
    all_.push_back({Grade::kFail, std::move(check), std::move(found), std::move(remedy)});
  }

  const std::vector<Finding>& all() const { return all_; }
  Grade worst() const;

 private:
  std::vector<Finding> all_;
};

std::string to_text(const Findings& findings);
std::string to_json(const Findings& findings);

}  // namespace rhumb::app::doctor
