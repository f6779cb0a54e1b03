#include <cstdio>
#include <nlohmann/json.hpp>

#include "host/cli/command.h"
#include "host/cli/size_estimate.h"
#include "host/cli/table.h"

namespace rhumb::cli {
namespace {

using nlohmann::json;

std::string size_text(double bytes) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < std::size(units); ++unit) bytes /= 1024;
  char text[32];
  std::snprintf(text, sizeof(text), unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
  return text;
}

base::Result<SizeQuestion> question(const Arguments& given) {
  if (!given.has("points") || !given.has("dim"))
    return wrong_usage("size needs --points N and --dim D");
  SizeQuestion q;
  q.points = given.number("points", 0);
  q.dim = given.number("dim", 0);
  q.payload_bytes = given.number("payload", 0);
  q.shards = given.number("shards", 1);
  q.replicas = given.number("replicas", 1);
  const std::string datatype = given.get("datatype", "float32");
  q.scalar_bytes = datatype == "uint8" ? 1 : datatype == "float16" ? 2 : 4;
  return q;
}

void print_json(const SizeEstimate& e) {
  json parts = json::array();
  for (const SizePart& part : e.of_point)
    parts.push_back({{"part", part.name}, {"disk", part.disk}, {"memory", part.memory}});
  const json out = {{"point", {{"disk", e.disk_of_point}, {"memory", e.memory_of_point}}},
                    {"parts_of_a_point", parts},
                    {"disk", e.disk},
                    {"memory", e.memory},
                    {"mapped", e.mapped}};
  std::printf("%s\n", out.dump(2).c_str());
}

void print_table(const SizeEstimate& e) {
  Table table({"of one point", "disk", "memory"}, {false, true, true});
  for (const SizePart& part : e.of_point)
    table.row({part.name, size_text(part.disk), size_text(part.memory)});
  table.row({"together", size_text(e.disk_of_point), size_text(e.memory_of_point)});
  table.row({"all points and replicas", size_text(e.disk), size_text(e.memory)});
  std::printf("%s\n", table.render(terminal_width()).c_str());
  std::printf(
      "Disk: add the log (storage.log_bytes, 4 GiB at most by default), and up to 64 MiB for each\n"
      "growing file. A graph that is built again needs its memory and disk twice meanwhile.\n"
      "Memory: searches are fast while the pages of vectors and rows fit as well: %s.\n",
      size_text(e.mapped).c_str());
}

}  // namespace

// Asks no server.
base::Status run_size(const CommandContext& context) {
  RHUMB_ASSIGN(const SizeQuestion q, question(context.arguments));
  const SizeEstimate estimate = estimate_size(q);
  if (context.json)
    print_json(estimate);
  else
    print_table(estimate);
  return base::ok();
}

}  // namespace rhumb::cli
