#include <cstdio>
#include <nlohmann/json.hpp>

#include "host/cli/command.h"
#include "host/cli/table.h"

namespace rhumb::cli {

base::Status run_status(const CommandContext& context) {
  using nlohmann::json;
  RHUMB_ASSIGN(const Answer root, context.client.call("GET", "/"));
  RHUMB_ASSIGN(const Answer ready, context.client.send("GET", "/readyz"));
  RHUMB_ASSIGN(const Answer list, context.client.call("GET", "/collections"));
  const json about = json::parse(root.body);
  uint64_t points = 0;
  std::string worst = "green";
  const json collections = json::parse(list.body).at("result").at("collections");
  for (const json& c : collections) {
    auto info = context.client.call("GET", "/collections/" + path_part(c.at("name")));
    if (!info.ok()) return info.status();
    const json result = json::parse(info->body).at("result");
    points += result.value("points_count", uint64_t{0});
    const std::string status = result.value("status", "green");
    if (status == "red" || (status == "yellow" && worst == "green") ||
        (status == "grey" && worst == "green"))
      worst = status;
  }
  if (context.json) {
    const json out = {{"url", context.client.url()},
                      {"version", about.value("rhumb_version", "")},
                      {"protocol", about.value("version", "")},
                      {"ready", ready.http_status == 200},
                      {"collections", collections.size()},
                      {"points", points},
                      {"status", worst}};
    std::printf("%s\n", out.dump(2).c_str());
    return base::ok();
  }
  Table table({"what", "value"});
  table.row({"server", context.client.url()});
  table.row({"version", "Rhumb " + about.value("rhumb_version", std::string("?")) + ", protocol " +
                            about.value("version", "?")});
  table.row({"ready", ready.http_status == 200 ? "yes" : "no: " + ready.body});
  table.row({"collections", with_commas(collections.size())});
  table.row({"points", with_commas(points)});
  if (!collections.empty()) table.row({"status", worst});
  std::printf("%s", table.render(terminal_width()).c_str());
  return base::ok();
}

}  // namespace rhumb::cli
