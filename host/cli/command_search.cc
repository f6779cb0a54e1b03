#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "host/cli/command.h"
#include "host/cli/table.h"
#include "host/cli/vector_file.h"

namespace rhumb::cli {
namespace {

using nlohmann::json;
constexpr size_t kDefaultColumns = 3;

json id_of(const std::string& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return text;
}

base::Result<uint32_t> dimension(const CommandContext& context, const std::string& collection) {
  RHUMB_ASSIGN(const Answer info,
               context.client.call("GET", "/collections/" + path_part(collection)));
  const json vectors = json::parse(info.body).at("result").at("config").at("params").value(
      "vectors", json::object());
  if (vectors.contains("size")) return vectors.at("size").get<uint32_t>();
  const std::string name = context.arguments.get("using");
  if (!vectors.contains(name))
    return wrong_usage("--using: the collection has no vector named '" + name + "'");
  return vectors.at(name).at("size").get<uint32_t>();
}

// Reads FILE[:ROW] of a .f16 or .f32 file, or a .json file that holds an array.
base::Result<json> vector_of(const CommandContext& context, const std::string& collection,
                             const std::string& word) {
  if (word.ends_with(".json")) {
    std::ifstream in(word);
    if (!in) return base::not_found(word + ": cannot be opened");
    json vector = json::parse(in, nullptr, false);
    if (!vector.is_array()) return base::invalid(word + ": not a JSON array");
    return vector;
  }
  std::string path = word;
  uint64_t row = 0;
  if (const size_t colon = word.rfind(':'); colon != std::string::npos) {
    const auto [end, error] =
        std::from_chars(word.data() + colon + 1, word.data() + word.size(), row);
    if (error != std::errc() || end != word.data() + word.size())
      return wrong_usage("--vector: '" + word.substr(colon + 1) + "' is not a row number");
    path = word.substr(0, colon);
  }
  RHUMB_ASSIGN(VectorFile file, VectorFile::open(path));
  RHUMB_ASSIGN(const uint32_t dim, dimension(context, collection));
  file.set_dim(dim);
  RHUMB_ASSIGN(const auto vector, file.row(row));
  return json(vector);
}

std::string cell(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? "" : value.dump();
}

std::vector<std::string> columns(const CommandContext& context, const json& points) {
  std::vector<std::string> out;
  if (context.arguments.has("fields")) {
    std::stringstream words(context.arguments.get("fields"));
    for (std::string field; std::getline(words, field, ',');) out.push_back(field);
    return out;
  }
  for (const json& p : points) {
    const json payload = p.value("payload", json::object());
    for (const auto& [key, value] : payload.items()) {
      if (value.is_structured() || out.size() == kDefaultColumns ||
          std::find(out.begin(), out.end(), key) != out.end())
        continue;
      out.push_back(key);
    }
  }
  return out;
}

void print_table(const CommandContext& context, const json& reply, double seconds) {
  const json points = reply.at("result").at("points");
  const auto fields = columns(context, points);
  std::vector<std::string> headers = {"score", "id"};
  headers.insert(headers.end(), fields.begin(), fields.end());
  Table table(headers, {true});
  for (const json& p : points) {
    char score[32];
    std::snprintf(score, sizeof(score), "%.4f", p.value("score", 0.0));
    std::vector<std::string> row = {score, cell(p.at("id"))};
    const json payload = p.value("payload", json::object());
    for (const std::string& f : fields)
      row.push_back(payload.contains(f) ? cell(payload.at(f)) : "");
    table.row(row);
  }
  std::printf("%s", table.render(terminal_width()).c_str());
  std::printf("%zu points in %.2f ms (server %.2f ms)\n", points.size(), seconds * 1e3,
              reply.value("time", 0.0) * 1e3);
  if (reply.contains("explain")) std::printf("%s\n", reply.at("explain").dump(2).c_str());
}

}  // namespace

base::Status run_search(const CommandContext& context) {
  const Arguments& a = context.arguments;
  const std::string& collection = a.positions()[0];
  if (a.has("like") == a.has("vector"))
    return wrong_usage("search needs either --like ID or --vector FILE[:ROW]");
  json body = {{"with_payload", true}, {"limit", a.number("limit", 10)}};
  if (a.has("like")) {
    body["query"] = id_of(a.get("like"));
  } else {
    RHUMB_ASSIGN(body["query"], vector_of(context, collection, a.get("vector")));
  }
  if (a.has("using")) body["using"] = a.get("using");
  if (a.has("filter")) {
    body["filter"] = json::parse(a.get("filter"), nullptr, false);
    if (body["filter"].is_discarded()) return wrong_usage("--filter: not JSON");
  }
  if (a.has("ef")) body["params"]["hnsw_ef"] = a.number("ef", 0);
  if (a.has("exact")) body["params"]["exact"] = true;
  if (a.has("explain")) body["params"]["explain"] = true;
  RHUMB_ASSIGN(const Answer answer,
               context.client.call(
                   "POST", "/collections/" + path_part(collection) + "/points/query", body.dump()));
  if (context.json) {
    std::printf("%s\n", answer.body.c_str());
    return base::ok();
  }
  print_table(context, json::parse(answer.body), answer.seconds);
  return base::ok();
}

}  // namespace rhumb::cli
