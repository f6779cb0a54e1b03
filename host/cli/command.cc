#include "host/cli/command.h"

#include <cstdio>

#include <map>

#include "host/cli/command_line.h"

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
    default:
      return kExitFailed;
  }
}

}  // namespace

Run find_run(const std::string& command) {
  static const std::map<std::string, Run> all = {{"status", run_status},
                                                 {"collections", run_collections},
                                                 {"import", run_import},
                                                 {"export", run_export},
                                                 {"search", run_search}};
  const auto it = all.find(command);
  return it == all.end() ? nullptr : it->second;
}

int run(const std::vector<std::string>& words) {
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
