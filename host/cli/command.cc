#include "host/cli/command.h"

#include <cstdio>

#include <map>

#include "host/base/completion.h"
#include "host/cli/command_line.h"
#include "host/cli/command_table.h"

namespace rhumb::cli {
namespace {

int usage_error(const base::Status& status) {
  std::fprintf(stderr, "rhumb: %s\n", status.message().c_str());
  return kExitUsage;
}

int exit_code(const base::Status& status) {
  switch (status.code()) {
    case base::Code::kOk:
      return kExitOk;
    case base::Code::kUnavailable:
      return kExitUnreachable;
    case base::Code::kNotFound:
      return kExitNotFound;
    case base::Code::kMalformedQuery:
      return kExitUsage;
    default:
      return kExitFailed;
  }
}

}  // namespace

// The command line is to this program what the query string is to the server.
base::Status wrong_usage(std::string text) {
  return {base::Code::kMalformedQuery, std::move(text)};
}

Run find_run(const std::string& command) {
  static const std::map<std::string, Run> all = {
      {"status", run_status},     {"collections", run_collections},
      {"import", run_import},     {"export", run_export},
      {"search", run_search},     {"doctor", run_doctor},
      {"size", run_size},         {"optimizations", run_optimizations},
      {"snapshot", run_snapshot}, {"branch", run_branch},
      {"diff", run_diff}};
  const auto it = all.find(command);
  return it == all.end() ? nullptr : it->second;
}

namespace {

// For the build: writes the manual pages and completions below a directory.
int write_pages(const std::string& directory) {
  std::vector<base::NamedPage> pages = base::man_pages(
      program(), {.section = 1, .page_for_each_command = true, .see_also = {{"rhumbd", 8}}});
  for (base::NamedPage& page : base::completions(program())) pages.push_back(std::move(page));
  const base::Status written = base::write_pages(directory, pages);
  return written.ok() ? static_cast<int>(kExitOk) : usage_error(written);
}

}  // namespace

int run(const std::vector<std::string>& words) {
  if (words.size() == 2 && words[0] == "--write-pages") return write_pages(words[1]);
  auto line = parse_command_line(words.empty() ? std::vector<std::string>{"--help"} : words);
  if (!line.ok()) return usage_error(line.status());
  if (line->command == nullptr) {
    std::fputs(line->text.c_str(), stdout);
    return words.empty() ? kExitUsage : kExitOk;
  }
  const Arguments& arguments = line->arguments;
  auto client =
      Client::connect(arguments.get("url", "http://127.0.0.1:6333"), arguments.get("api-key"));
  if (!client.ok()) return usage_error(client.status());
  const base::Status status = find_run(line->command->name)(
      {**client, arguments, arguments.get("output") == "json", arguments.has("quiet")});
  if (!status.ok()) std::fprintf(stderr, "rhumb: %s\n", status.message().c_str());
  return exit_code(status);
}

}  // namespace rhumb::cli
