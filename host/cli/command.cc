#include "host/cli/command.h"

#include <cstdio>
#include <cstdlib>

#include <algorithm>

#include "host/base/version.h"

namespace rhumb::cli {
namespace {

const std::vector<Option>& common_options() {
  static const std::vector<Option> options = {
      {"url", 0, true, "URL", "server (default $RHUMB_URL or http://127.0.0.1:6333)"},
      {"api-key", 0, true, "KEY", "API key (default $RHUMB_API_KEY)"},
      {"output", 'o', true, "table|json", "for people or for programs (default table)"},
      {"quiet", 'q', false, "", "no progress"},
      {"help", 'h', false, "", "show this text"},
  };
  return options;
}

std::string environment(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : fallback;
}

std::string option_lines(const std::vector<Option>& options) {
  std::string out;
  for (const Option& o : options) {
    std::string left = "  ";
    if (o.short_name != 0) left += std::string("-") + o.short_name + ", ";
    left += "--" + o.name + (o.takes_value ? " " + o.value_name : "");
    left.resize(std::max<size_t>(left.size() + 2, 30), ' ');
    out += left + o.help + "\n";
  }
  return out;
}

void print_help() {
  std::printf(
      "rhumb %s - the command line of a Rhumb server\n\nUsage: rhumb COMMAND "
      "[options]\n\nCommands:\n",
      base::kRhumbVersion);
  for (const CommandInfo& c : commands()) {
    std::string left = "  " + c.name;
    left.resize(16, ' ');
    std::printf("%s%s\n", left.c_str(), c.summary.c_str());
  }
  std::printf("\nOptions of every command:\n%s\nMore about a command: rhumb COMMAND --help\n",
              option_lines(common_options()).c_str());
  std::printf(
      "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 server not reached, 4 not "
      "found\n");
}

void print_help(const CommandInfo& c) {
  std::printf("%s\n\nUsage: rhumb %s\n", c.summary.c_str(), c.synopsis.c_str());
  if (!c.options.empty()) std::printf("\nOptions:\n%s", option_lines(c.options).c_str());
  std::printf("\nOptions of every command:\n%s\nExamples:\n%s",
              option_lines(common_options()).c_str(), c.examples.c_str());
}

int usage_error(const std::string& text, const std::string& command) {
  std::fprintf(stderr, "rhumb: %s\nTry: rhumb %s--help\n", text.c_str(),
               command.empty() ? "" : (command + " ").c_str());
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

int run_command(const CommandInfo& command, const std::vector<std::string>& words) {
  std::vector<Option> options = command.options;
  options.insert(options.end(), common_options().begin(), common_options().end());
  auto arguments = Arguments::parse(words, options);
  if (!arguments.ok()) return usage_error(arguments.status().message(), command.name);
  if (arguments->has("help")) {
    print_help(command);
    return kExitOk;
  }
  const size_t positions = arguments->positions().size();
  if (positions < command.min_positions || positions > command.max_positions)
    return usage_error("usage: rhumb " + command.synopsis, command.name);
  const std::string output = arguments->get("output", "table");
  if (output != "table" && output != "json")
    return usage_error("--output: '" + output + "' is neither table nor json", command.name);
  auto client =
      Client::connect(arguments->get("url", environment("RHUMB_URL", "http://127.0.0.1:6333")),
                      arguments->get("api-key", environment("RHUMB_API_KEY", "")));
  if (!client.ok()) return usage_error(client.status().message(), command.name);
  const base::Status status =
      command.run({**client, *arguments, output == "json", arguments->has("quiet")});
  if (!status.ok()) std::fprintf(stderr, "rhumb: %s\n", status.message().c_str());
  return exit_code(status);
}

}  // namespace

const std::vector<CommandInfo>& commands() {
  static const std::vector<CommandInfo> all = {
      {"status",
       "status",
       "Show the server's version, whether it is ready, and what it holds",
       {},
       "  rhumb status\n  rhumb status --url http://db1:6333 -o json\n",
       0,
       0,
       run_status},
      {"collections",
       "collections [list | show NAME | create NAME --size N | drop NAME]",
       "List, show, create and drop collections",
       {{"size", 0, true, "N", "create: number of dimensions of the vectors"},
        {"distance", 0, true, "NAME", "create: Cosine, Dot, Euclid or Manhattan (default Cosine)"},
        {"shards", 0, true, "N", "create: number of shards (default 1)"},
        {"index", 0, true, "FIELD:TYPE",
         "create: payload index, e.g. section:keyword; may be repeated", true}},
       "  rhumb collections\n  rhumb collections create articles --size 384 --index lang:keyword\n "
       " rhumb collections show articles\n"
       "  rhumb collections drop articles\n",
       0,
       2,
       run_collections},
      {"import",
       "import COLLECTION FILE [--vectors FILE]",
       "Load points from NDJSON (one point per line; plain, .zst, or - for standard input)",
       {{"vectors", 0, true, "FILE", "rows of .f16 or .f32 that belong to the lines, in order"},
        {"create", 0, false, "",
         "create the collection if it is missing (the size is taken from the vectors)"},
        {"distance", 0, true, "NAME", "with --create (default Cosine)"},
        {"size", 0, true, "N",
         "dimensions of the rows in --vectors, when the collection does not exist yet"},
        {"index", 0, true, "FIELD:TYPE", "with --create: payload index; may be repeated", true},
        {"batch", 0, true, "N", "points per request (default 1000)"},
        {"skip", 0, true, "N", "lines to skip: those that an interrupted import had acknowledged"}},
       "  rhumb import articles articles.ndjson\n  rhumb import programs points.ndjson.zst "
       "--vectors vectors.f16 --create --size 384 --index section:keyword\n",
       2,
       2,
       run_import},
      {"export",
       "export COLLECTION [FILE]",
       "Write all points as NDJSON to FILE or standard output",
       {},
       "  rhumb export articles articles.ndjson\n  rhumb export articles | zstd > "
       "articles.ndjson.zst\n",
       1,
       2,
       run_export},
      {"search",
       "search COLLECTION (--like ID | --vector FILE[:ROW])",
       "Find the nearest points to a point or a vector",
       {{"like", 0, true, "ID", "find points like this one"},
        {"vector", 0, true, "FILE[:ROW]",
         "a row of a .f16 or .f32 file, or a JSON array in a .json file"},
        {"using", 0, true, "NAME", "which named vector"},
        {"filter", 0, true, "JSON",
         "only points that match, e.g. "
         "'{\"must\":[{\"key\":\"section\",\"match\":{\"value\":\"games\"}}]}'"},
        {"limit", 'n', true, "N", "how many (default 10)"},
        {"fields", 0, true, "A,B", "payload members to show as columns (default: the first few)"},
        {"ef", 0, true, "N", "breadth of the graph search (hnsw_ef)"},
        {"exact", 0, false, "", "compare with every point"},
        {"explain", 0, false, "", "show how it was answered"}},
       "  rhumb search programs --like gimp\n  rhumb search programs --vector questions.f16:3 "
       "--limit 5 --fields summary\n"
       "  rhumb search programs --like gimp --filter "
       "'{\"must\":[{\"key\":\"installed_kb\",\"range\":{\"lt\":1000}}]}'\n",
       1,
       1,
       run_search},
  };
  return all;
}

int run(const std::vector<std::string>& words) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_help();
    return words.empty() ? kExitUsage : kExitOk;
  }
  if (words[0] == "--version") {
    std::printf("rhumb %s\n", base::kRhumbVersion);
    return kExitOk;
  }
  auto it = std::find_if(commands().begin(), commands().end(),
                         [&](const CommandInfo& c) { return c.name == words[0]; });
  if (it == commands().end()) return usage_error("unknown command '" + words[0] + "'", "");
  return run_command(*it, {words.begin() + 1, words.end()});
}

}  // namespace rhumb::cli
