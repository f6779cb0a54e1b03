#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "host/cli/command.h"
#include "host/cli/progress.h"
#include "host/cli/table.h"

namespace rhumb::cli {
namespace {

using base::Status;
using nlohmann::json;

// A job of hours is no fault of the connection.
constexpr std::chrono::hours kJobTime{24};

struct Target {
  std::string path;                // of the snapshots
  std::string text;                // for people
  std::vector<std::string> words;  // after the action and the collection
};

base::Result<Target> target_of(const CommandContext& context) {
  const auto& all = context.arguments.positions();
  if (context.arguments.has("all"))
    return Target{"/snapshots", "all collections", {all.begin() + 1, all.end()}};
  if (all.size() < 2) return wrong_usage("snapshot " + all[0] + " needs a COLLECTION or --all");
  return Target{
      "/collections/" + path_part(all[1]) + "/snapshots", all[1], {all.begin() + 2, all.end()}};
}

void print(const CommandContext& context, const json& snapshots) {
  if (context.json) return void(std::printf("%s\n", snapshots.dump(2).c_str()));
  if (snapshots.empty()) return void(std::printf("no snapshots\n"));
  Table table({"name", "made", "bytes", "sha256"}, {false, false, true});
  for (const json& s : snapshots) {
    const json& checksum = s.at("checksum");
    table.row({s.value("name", ""), s.value("creation_time", ""),
               with_commas(s.value("size", uint64_t{0})),
               checksum.is_string() ? checksum.get<std::string>() : ""});
  }
  std::printf("%s", table.render(terminal_width()).c_str());
}

base::Result<json> snapshots_at(const CommandContext& context, const Target& target) {
  RHUMB_ASSIGN(const Answer answer, context.client.call("GET", target.path));
  return json::parse(answer.body).at("result");
}

Status create(const CommandContext& context, const Target& target) {
  RHUMB_ASSIGN(const Answer answer, context.client.call("POST", target.path));
  print(context, json::array({json::parse(answer.body).at("result")}));
  return base::ok();
}

Status list(const CommandContext& context, const Target& target) {
  RHUMB_ASSIGN(const json all, snapshots_at(context, target));
  print(context, all);
  return base::ok();
}

Status drop(const CommandContext& context, const Target& target, const std::string& name) {
  RHUMB_TRY(context.client.call("DELETE", target.path + "/" + path_part(name)).status());
  if (!context.quiet) std::fprintf(stderr, "deleted %s\n", name.c_str());
  return base::ok();
}

Status fetch(const CommandContext& context, const Target& target) {
  const std::string& name = target.words.at(0);
  const std::string file = target.words.size() > 1 ? target.words[1] : name;
  RHUMB_ASSIGN(const json all, snapshots_at(context, target));
  const auto known =
      std::find_if(all.begin(), all.end(), [&](const json& s) { return s.at("name") == name; });
  if (known == all.end()) return base::not_found("there is no snapshot " + name);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::fopen(file.c_str(), "wbx"),
                                                            std::fclose);
  if (out == nullptr) return base::invalid(file + ": " + std::strerror(errno));
  const auto total = known->value("size", uint64_t{0});
  Progress progress("fetch " + name, "bytes", total, context.quiet);
  uint64_t done = 0;
  bool written = true;
  RHUMB_TRY(
      context.client.download(target.path + "/" + path_part(name), [&](const char* data, size_t n) {
        written = std::fwrite(data, 1, n, out.get()) == n;
        progress.at(done += n);
        return written;
      }));
  if (!written || std::fflush(out.get()) != 0)
    return {base::Code::kIo, file + ": " + std::strerror(errno)};
  if (done != total)
    return {base::Code::kUnavailable, "only " + std::to_string(done) + " of " +
                                          std::to_string(total) + " bytes came; " + file +
                                          " is not whole"};
  progress.finish(done);
  return base::ok();
}

Status restore(const CommandContext& context, const Target& target) {
  const std::string& file = target.words.at(0);
  if (file.starts_with("http://") || file.starts_with("https://")) {
    const json body = {{"location", file}, {"priority", "snapshot"}};
    return context.client.call("PUT", target.path + "/recover?wait=true", body.dump()).status();
  }
  std::error_code error;
  const uint64_t total = std::filesystem::file_size(file, error);
  if (error) return base::invalid(file + ": " + error.message());
  Progress progress("restore " + target.text, "bytes", total, context.quiet);
  RHUMB_TRY(context.client
                .upload(target.path + "/upload?wait=true&priority=snapshot", file,
                        [&](uint64_t done) { progress.at(done); })
                .status());
  progress.finish(total);
  return base::ok();
}

// Names have the time in them, but the time of making is what counts.
Status prune(const CommandContext& context, const Target& target) {
  if (!context.arguments.has("keep")) return wrong_usage("snapshot prune needs --keep N");
  RHUMB_ASSIGN(json all, snapshots_at(context, target));
  std::sort(all.begin(), all.end(), [](const json& a, const json& b) {
    return std::pair(a.value("creation_time", ""), a.value("name", "")) >
           std::pair(b.value("creation_time", ""), b.value("name", ""));
  });
  for (size_t i = context.arguments.number("keep", 0); i < all.size(); ++i)
    RHUMB_TRY(drop(context, target, all[i].at("name")));
  return base::ok();
}

}  // namespace

Status run_snapshot(const CommandContext& context) {
  const std::string& action = context.arguments.positions().at(0);
  RHUMB_ASSIGN(const Target target, target_of(context));
  const size_t words = target.words.size();
  const bool named = action == "fetch" || action == "drop" || action == "restore";
  if (words < (named ? 1 : 0))
    return wrong_usage("snapshot " + action + " needs a " +
                       (action == "restore" ? "FILE" : "NAME"));
  if (words > (action == "fetch" ? 2u : named ? 1u : 0u))
    return wrong_usage("snapshot " + action + ": '" + target.words.back() + "' is too much");
  context.client.answer_within(kJobTime);
  if (action == "create") return create(context, target);
  if (action == "list") return list(context, target);
  if (action == "fetch") return fetch(context, target);
  if (action == "restore") return restore(context, target);
  if (action == "drop") return drop(context, target, target.words[0]);
  return prune(context, target);
}

}  // namespace rhumb::cli
