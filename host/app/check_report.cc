#include "host/app/check_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/base/json_text.h"

namespace rhumb::app {
namespace {

const char* kind_of(const CheckProblem& problem) { return problem.derived ? "derived" : "durable"; }

}  // namespace

bool CheckReport::durable_damage() const {
  return std::any_of(problems.begin(), problems.end(),
                     [](const CheckProblem& p) { return !p.derived; });
}

std::string to_text(const CheckReport& report) {
  std::string out;
  for (const CheckedShard& s : report.shards) {
    out +=
        "collection " + base::printable(s.collection) + ", shard " + std::to_string(s.shard) + ": ";
    out += s.whole ? std::to_string(s.points) + " points, applied through " +
                         std::to_string(s.applied) + ", whole\n"
                   : "DAMAGED\n";
  }
  for (const CheckProblem& p : report.problems)
    out += base::printable(p.what) + " (" + kind_of(p) + ")\n";
  const auto derived = static_cast<uint64_t>(std::count_if(
      report.problems.begin(), report.problems.end(), [](const auto& p) { return p.derived; }));
  const uint64_t durable = report.problems.size() - derived;
  return out + (report.problems.empty() ? "no problems found\n"
                                        : std::to_string(durable) + " problems of durable data, " +
                                              std::to_string(derived) + " of derived data\n");
}

std::string to_json(const CheckReport& report) {
  nlohmann::json shards = nlohmann::json::array(), problems = nlohmann::json::array();
  for (const CheckedShard& s : report.shards) {
    shards.push_back({{"collection", base::printable(s.collection)},
                      {"shard", s.shard},
                      {"points", s.points},
                      {"applied_index", s.applied},
                      {"content_hash", s.content_hash},
                      {"whole", s.whole}});
  }
  for (const CheckProblem& p : report.problems)
    problems.push_back({{"kind", kind_of(p)}, {"what", base::printable(p.what)}});
  return nlohmann::json{
             {"whole", report.problems.empty()}, {"shards", shards}, {"problems", problems}}
             .dump(1) +
         "\n";
}

}  // namespace rhumb::app
