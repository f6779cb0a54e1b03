#include <cstdio>
#include <nlohmann/json.hpp>

#include "host/cli/command.h"
#include "host/cli/table.h"

namespace rhumb::cli {
namespace {

using nlohmann::json;

uint64_t points_of(const json& optimization) {
  uint64_t points = 0;
  for (const json& segment : optimization.at("segments"))
    points += segment.value("points_count", uint64_t{0});
  return points;
}

std::string state_of(const json& optimization) {
  const json& status = optimization.at("status");
  if (status.is_object()) return "failed: " + status.value("error", std::string());
  return status == "optimizing" ? "runs" : status.get<std::string>();
}

std::string progress_of(const json& optimization) {
  const json& progress = optimization.at("progress");
  return with_commas(progress.value("done", uint64_t{0})) + " of " +
         with_commas(progress.value("total", uint64_t{0})) + ", " +
         progress.value("name", std::string());
}

void add(Table& table, const json& optimization) {
  const json& progress = optimization.at("progress");
  table.row(
      {progress.value("started_at", std::string()), optimization.value("optimizer", std::string()),
       std::to_string(optimization.at("segments").size()), with_commas(points_of(optimization)),
       progress_of(optimization), state_of(optimization)});
}

}  // namespace

base::Status run_optimizations(const CommandContext& context) {
  const std::string path = "/collections/" + path_part(context.arguments.positions().at(0)) +
                           "/optimizations?with=queued,completed,idle_segments";
  RHUMB_ASSIGN(const Answer answer, context.client.call("GET", path));
  const json result = json::parse(answer.body).at("result");
  if (context.json) {
    std::printf("%s\n", result.dump(2).c_str());
    return base::ok();
  }
  Table table({"began", "kind", "segments", "points", "rows done", "state"},
              {false, false, true, true, false, false});
  for (const json& running : result.at("running")) add(table, running);
  for (const json& queued : result.at("queued")) {
    table.row({"", queued.value("optimizer", std::string()),
               std::to_string(queued.at("segments").size()), with_commas(points_of(queued)), "",
               "waits: " + queued.value("waits_for", std::string())});
  }
  for (const json& completed : result.at("completed")) add(table, completed);
  const size_t idle = result.at("idle_segments").size();
  std::printf("%s%zu segment%s need%s no optimization\n", table.render(terminal_width()).c_str(),
              idle, idle == 1 ? "" : "s", idle == 1 ? "s" : "");
  return base::ok();
}

}  // namespace rhumb::cli
