#include "host/app/command_line.h"

#include <map>

#include "host/base/version.h"

extern char** environ;

namespace rhumb::app {
namespace {

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) out[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return out;
}

struct Assignment {
  std::string word, path, value;
};

// Options that stand for a key.
const std::map<std::string, std::string>& shorthands() {
  static const std::map<std::string, std::string> map = {
      {"--data", "node.data_dir"}, {"--host", "http.host"}, {"--port", "http.port"}};
  return map;
}

}  // namespace

base::Result<CommandLine> parse_command_line(const std::vector<std::string>& words) {
  CommandLine out;
  std::vector<Assignment> assignments;
  out.check = !words.empty() && words.front() == "check";
  for (size_t i = out.check ? 1 : 0; i < words.size(); ++i) {
    if (out.check && !words[i].starts_with("-")) {
      assignments.push_back({"check", "node.data_dir", words[i]});
      continue;
    }
    std::string word = words[i];
    std::optional<std::string> value;
    if (out.check && word == "-o") {
      if (++i == words.size() || (words[i] != "text" && words[i] != "json"))
        return base::invalid("-o: text or json");
      out.json = words[i] == "json";
      continue;
    }
    if (const size_t equals = word.find('=');
        word.starts_with("--") && equals != std::string::npos) {
      value = word.substr(equals + 1);
      word.resize(equals);
    }
    bool* flag = word == "--insecure"               ? &out.insecure
                 : word == "--check-config"         ? &out.check_config
                 : word == "--print-config"         ? &out.print_config
                 : word == "--version"              ? &out.version
                 : word == "--help" || word == "-h" ? &out.help
                                                    : nullptr;
    if (flag != nullptr) {
      if (value) return base::invalid(word + " takes no value");
      *flag = true;
      continue;
    }
    const auto shorthand = shorthands().find(word);
    if (shorthand == shorthands().end() && word != "--config" && word != "--set")
      return base::invalid("unknown option " + words[i]);
    if (!value) {
      if (++i == words.size()) return base::invalid(word + " needs a value");
      value = words[i];
    }
    if (word == "--config") {
      out.config_file = *value;
    } else if (word == "--set") {
      const size_t equals = value->find('=');
      if (equals == std::string::npos)
        return base::invalid("--set: '" + *value + "' is not section.key=value");
      assignments.push_back({"--set", value->substr(0, equals), value->substr(equals + 1)});
    } else {
      assignments.push_back({word, shorthand->second, *value});
    }
  }
  if (!out.config_file.empty()) RHUMB_TRY(settings::load_file(out.settings, out.config_file));
  RHUMB_TRY(settings::load_environment(out.settings, environment()));
  for (const Assignment& a : assignments) {
    if (const base::Status status = settings::set(out.settings, a.path, a.value); !status.ok())
      return status.within(a.word);
  }
  return out;
}

std::string usage() {
  return std::string("rhumbd ") + base::kRhumbVersion +
         " - the Rhumb vector database\n\n"
         "Usage: rhumbd [--config FILE] [--data DIR] [--host ADDRESS] [--port N] [--set "
         "section.key=value]...\n"
         "       rhumbd check [DIR] [-o text|json] [--config FILE] [--set section.key=value]...\n\n"
         "  --config FILE       YAML (config/rhumb.yaml documents every key)\n"
         "  --data DIR          the data directory (node.data_dir, default ./data)\n"
         "  --host ADDRESS      address to listen on (http.host, default 127.0.0.1)\n"
         "  --port N            port of the REST API (http.port, default 6333; 0 takes a free "
         "one)\n"
         "  --set KEY=VALUE     any key of the configuration; may be repeated\n"
         "  --insecure          listen beyond loopback without authentication\n"
         "  --check-config      read the configuration, say whether it is valid, and end\n"
         "  --print-config      print the configuration in effect as YAML, and end\n"
         "  --version, --help\n\n"
         "check opens the data directory as a start does (the log is replayed) and listens\n"
         "nowhere. It compares every stored point with its checksums and hashes, and reports\n"
         "each problem with file and offset. Exit codes: 0 = no problems, 1 = durable data are\n"
         "damaged, 2 = only derived data are damaged (graphs and payload indexes, which are\n"
         "rebuilt from the rest), 3 = cannot be checked.\n\n"
         "The environment overrides the file (RHUMB_HTTP_PORT for http.port); the command line\n"
         "overrides both.\n"
         "Signals: SIGTERM and SIGINT stop cleanly; SIGHUP reads log.level from the file again.\n";
}

}  // namespace rhumb::app
