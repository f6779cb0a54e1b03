#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "host/base/base64.h"
#include "host/cli/collection_setup.h"
#include "host/cli/command.h"
#include "host/cli/point_reader.h"
#include "host/cli/progress.h"
#include "host/cli/vector_file.h"

namespace rhumb::cli {
namespace {

using nlohmann::json;
constexpr uint64_t kMaxRequestBytes = 8 * 1024 * 1024;

// Adds the row to the object of the line: {"id":...,"vector_b64":"...",...}. The line is not parsed
// here, because the server parses it.
base::Result<std::string> with_vector(const std::string& line, const std::vector<float>& row) {
  const size_t brace = line.find('{');
  if (brace == std::string::npos || line.find_first_not_of(" \t", brace + 1) == std::string::npos)
    return base::invalid("not a JSON object");
  const std::string_view bytes(reinterpret_cast<const char*>(row.data()),
                               row.size() * sizeof(float));
  return "{\"vector_b64\":\"" + base::to_base64(bytes) + "\"," + line.substr(brace + 1);
}

// Finds the dimension of the rows in --vectors from the collection or from --size.
base::Result<uint64_t> dimension(const CommandContext& context, const std::string& collection,
                                 bool& exists) {
  auto info = context.client.call("GET", "/collections/" + path_part(collection));
  exists = info.ok();
  if (!exists && info.status().code() != base::Code::kNotFound) return info.status();
  if (!exists || context.arguments.has("size")) return context.arguments.number("size", 0);
  const json vectors = json::parse(info->body)
                           .at("result")
                           .at("config")
                           .at("params")
                           .value("vectors", json::object());
  return vectors.contains("size") ? vectors.at("size").get<uint64_t>() : uint64_t{0};
}

struct Import {
  const CommandContext& context;
  const std::string path;
  Progress progress;
  std::string body;
  uint64_t in_body = 0, sent = 0;
  bool warned = false;

  // Shows the warnings of the first request that has any, because those of the other requests are
  // alike.
  void show_warnings(const std::string& reply) {
    const json parsed = json::parse(reply, nullptr, false);
    if (warned || !parsed.is_object() || !parsed.contains("warnings")) return;
    warned = true;
    for (const json& text : parsed.at("warnings")) {
      std::fprintf(stderr, "rhumb import: after %llu points: %s\n",
                   static_cast<unsigned long long>(sent), text.get<std::string>().c_str());
    }
  }

  base::Status flush() {
    if (in_body == 0) return base::ok();
    auto answer = context.client.call("POST", path, body, "application/x-ndjson");
    if (!answer.ok()) {
      return {answer.status().code(), answer.status().message() + " (" + std::to_string(sent) +
                                          " points were acknowledged; continue with --skip)"};
    }
    show_warnings(answer->body);
    sent += in_body;
    body.clear();
    in_body = 0;
    progress.at(sent);
    return base::ok();
  }
};

}  // namespace

base::Status run_import(const CommandContext& context) {
  const std::string& collection = context.arguments.positions()[0];
  RHUMB_ASSIGN(auto lines, LineReader::open(context.arguments.positions()[1]));
  std::optional<VectorFile> vectors;
  if (context.arguments.has("vectors")) {
    RHUMB_ASSIGN(vectors, VectorFile::open(context.arguments.get("vectors")));
  }
  bool exists = false;
  RHUMB_ASSIGN(const uint64_t dim, dimension(context, collection, exists));
  if (!exists) {
    if (!context.arguments.has("create"))
      return base::not_found("there is no collection " + collection + " (--create creates it)");
    if (dim == 0) return wrong_usage("--create needs --size N");
    RHUMB_TRY(create_collection(context, collection, dim));
  }
  if (vectors) vectors->set_dim(static_cast<uint32_t>(dim));
  const uint64_t batch = context.arguments.number("batch", 1000);
  const uint64_t skip = context.arguments.number("skip", 0);
  Import import{
      context,
      "/collections/" + path_part(collection) + "/import?wait=true",
      Progress("import " + collection, "points",
               vectors ? vectors->rows() - std::min(skip, vectors->rows()) : 0, context.quiet),
      {}};
  std::string line;
  for (uint64_t row = 0;; ++row) {
    RHUMB_ASSIGN(const bool more, lines->next(line));
    if (!more) break;
    if (row < skip) continue;
    if (vectors) {
      RHUMB_ASSIGN(const auto vector, vectors->row(row));
      auto joined = with_vector(line, vector);
      if (!joined.ok())
        return joined.status().within("line " + std::to_string(lines->line_number()));
      line = std::move(*joined);
    }
    import.body += line;
    import.body += '\n';
    ++import.in_body;
    if (import.in_body >= batch || import.body.size() >= kMaxRequestBytes)
      RHUMB_TRY(import.flush());
  }
  RHUMB_TRY(import.flush());
  import.progress.finish(import.sent);
  if (context.json)
    std::printf(
        "%s\n",
        json{{"imported", import.sent}, {"seconds", import.progress.seconds()}}.dump().c_str());
  return base::ok();
}

}  // namespace rhumb::cli
