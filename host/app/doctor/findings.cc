#include "host/app/doctor/findings.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/base/json_text.h"

namespace rhumb::app::doctor {
namespace {

constexpr size_t kCheckColumns = 16;

const char* name(Grade grade) {
  switch (grade) {
    case Grade::kOk:
      return "OK";
    case Grade::kWarn:
      return "WARN";
    case Grade::kFail:
      break;
  }
  return "FAIL";
}

std::string padded(std::string text, size_t columns) {
  text.resize(std::max(columns, text.size() + 1), ' ');
  return text;
}

size_t count(const Findings& findings, Grade grade) {
  return static_cast<size_t>(std::count_if(findings.all().begin(), findings.all().end(),
                                           [&](const Finding& f) { return f.grade == grade; }));
}

}  // namespace

Grade Findings::worst() const {
  Grade out = Grade::kOk;
  for (const Finding& f : all_) out = std::max(out, f.grade);
  return out;
}

std::string to_text(const Findings& findings) {
  std::string out;
  for (const Finding& f : findings.all()) {
    out +=
        padded(name(f.grade), 6) + padded(f.check, kCheckColumns) + base::printable(f.found) + "\n";
    if (!f.remedy.empty())
      out += std::string(6 + kCheckColumns, ' ') + "Remedy: " + base::printable(f.remedy) + "\n";
  }
  return out + std::to_string(count(findings, Grade::kOk)) + " ok, " +
         std::to_string(count(findings, Grade::kWarn)) + " warnings, " +
         std::to_string(count(findings, Grade::kFail)) + " failures\n";
}

std::string to_json(const Findings& findings) {
  nlohmann::json all = nlohmann::json::array();
  for (const Finding& f : findings.all()) {
    all.push_back({{"grade", name(f.grade)},
                   {"check", f.check},
                   {"found", base::printable(f.found)},
                   {"remedy", base::printable(f.remedy)}});
  }
  return nlohmann::json{{"worst", name(findings.worst())}, {"findings", all}}.dump(1) + "\n";
}

}  // namespace rhumb::app::doctor
