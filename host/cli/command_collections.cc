#include <cstdio>
#include <nlohmann/json.hpp>

#include "host/cli/collection_setup.h"
#include "host/cli/command.h"
#include "host/cli/table.h"

namespace rhumb::cli {
namespace {

using nlohmann::json;

std::string vectors_text(const json& vectors) {
  if (vectors.contains("size"))
    return std::to_string(vectors.value("size", 0)) + " " + vectors.value("distance", "");
  std::string out;
  for (const auto& [name, params] : vectors.items()) {
    if (!out.empty()) out += ", ";
    out +=
        name + " " + std::to_string(params.value("size", 0)) + " " + params.value("distance", "");
  }
  return out;
}

base::Status list(const CommandContext& context) {
  RHUMB_ASSIGN(const Answer answer, context.client.call("GET", "/collections"));
  const json collections = json::parse(answer.body).at("result").at("collections");
  Table table({"name", "status", "points", "vectors"}, {false, false, true});
  json all = json::array();
  for (const json& c : collections) {
    const std::string name = c.at("name");
    RHUMB_ASSIGN(const Answer info, context.client.call("GET", "/collections/" + path_part(name)));
    json result = json::parse(info.body).at("result");
    table.row({name, result.value("status", ""),
               with_commas(result.value("points_count", uint64_t{0})),
               vectors_text(result.at("config").at("params").value("vectors", json::object()))});
    result["name"] = name;
    all.push_back(std::move(result));
  }
  if (context.json)
    std::printf("%s\n", all.dump(2).c_str());
  else if (all.empty())
    std::printf("no collections yet\n");
  else
    std::printf("%s", table.render(terminal_width()).c_str());
  return base::ok();
}

base::Status show(const CommandContext& context, const std::string& name) {
  RHUMB_ASSIGN(const Answer answer, context.client.call("GET", "/collections/" + path_part(name)));
  const json result = json::parse(answer.body).at("result");
  if (context.json) {
    std::printf("%s\n", result.dump(2).c_str());
    return base::ok();
  }
  Table table({"what", "value"});
  table.row({"status", result.value("status", "")});
  table.row({"points", with_commas(result.value("points_count", uint64_t{0}))});
  table.row({"indexed vectors", with_commas(result.value("indexed_vectors_count", uint64_t{0}))});
  table.row({"segments", std::to_string(result.value("segments_count", 0))});
  table.row(
      {"vectors", vectors_text(result.at("config").at("params").value("vectors", json::object()))});
  const json schemas = result.value("payload_schema", json::object());
  for (const auto& [field, schema] : schemas.items()) {
    table.row({"index " + field, schema.value("data_type", "") + ", " +
                                     with_commas(schema.value("points", uint64_t{0})) + " points"});
  }
  std::printf("%s", table.render(terminal_width()).c_str());
  return base::ok();
}

}  // namespace

base::Status create_collection(const CommandContext& context, const std::string& name,
                               uint64_t size) {
  json body = {
      {"vectors", {{"size", size}, {"distance", context.arguments.get("distance", "Cosine")}}}};
  if (context.arguments.has("shards")) {
    body["shard_number"] = context.arguments.number("shards", 1);
  }
  RHUMB_TRY([&] {
    auto created = context.client.call("PUT", "/collections/" + path_part(name), body.dump());
    return created.ok() ? base::ok() : created.status();
  }());
  for (const std::string& index : context.arguments.all("index")) {
    const size_t colon = index.rfind(':');
    if (colon == std::string::npos)
      return wrong_usage("--index: '" + index + "' is not FIELD:TYPE");
    const json schema = {{"field_name", index.substr(0, colon)},
                         {"field_schema", index.substr(colon + 1)}};
    auto made = context.client.call("PUT", "/collections/" + path_part(name) + "/index?wait=true",
                                    schema.dump());
    if (!made.ok()) return made.status();
  }
  return base::ok();
}

base::Status run_collections(const CommandContext& context) {
  const auto& words = context.arguments.positions();
  const std::string verb = words.empty() ? "list" : words[0];
  if (verb == "list" && words.size() <= 1) return list(context);
  if (words.size() != 2)
    return wrong_usage(
        "usage: rhumb collections [list | show NAME | create NAME --size N | drop NAME]");
  const std::string& name = words[1];
  if (verb == "show") return show(context, name);
  if (verb == "create") {
    if (!context.arguments.has("size")) return wrong_usage("collections create needs --size N");
    RHUMB_TRY(create_collection(context, name, context.arguments.number("size", 0)));
    if (!context.quiet) std::fprintf(stderr, "created %s\n", name.c_str());
    return base::ok();
  }
  if (verb == "drop") {
    RHUMB_ASSIGN(const Answer answer,
                 context.client.call("DELETE", "/collections/" + path_part(name)));
    if (!json::parse(answer.body).value("result", false))
      return base::not_found("there is no collection " + name);
    if (!context.quiet) std::fprintf(stderr, "dropped %s\n", name.c_str());
    return base::ok();
  }
  return wrong_usage("collections list takes no name");
}

}  // namespace rhumb::cli
