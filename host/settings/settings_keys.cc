#include <charconv>
#include <regex>
#include <sstream>

#include "host/settings/settings.h"

namespace rhumb::settings {
namespace {

using base::Status;

constexpr uint64_t kMaxBytes = 1ull << 50;
constexpr size_t kMaxUrlBytes = 2048;
constexpr size_t kPrintedColumns = 100;

Status refuse(const std::string& path, const std::string& value, const std::string& expects) {
  return base::invalid(path + ": '" + value + "' is not " + expects);
}

template <typename Section, typename Field>
Key number(std::string path, Section Settings::*section, Field field, uint64_t min, uint64_t max,
           std::string help) {
  const std::string expects =
      "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
  return {
      path,
      expects,
      std::move(help),
      false,
      [=](Settings& s, const std::string& text) -> Status {
        uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size() || value < min || value > max)
          return refuse(path, text, expects);
        (s.*section).*field = value;
        return base::ok();
      },
      [=](const Settings& s) { return std::to_string((s.*section).*field); }};
}

template <typename Section, typename Field>
Key share(std::string path, Section Settings::*section, Field field, double min, double max,
          std::string help) {
  const auto text_of = [](double v) {
    char text[32];
    return std::string(text, std::to_chars(text, text + sizeof(text), v).ptr);
  };
  const std::string expects = "a number from " + text_of(min) + " to " + text_of(max);
  return {path,
          expects,
          std::move(help),
          false,
          [=](Settings& s, const std::string& text) -> Status {
            double value = 0;
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), value);
            if (error != std::errc() || end != text.data() + text.size() ||
                !(value >= min && value <= max))
              return refuse(path, text, expects);
            (s.*section).*field = value;
            return base::ok();
          },
          [=](const Settings& s) { return text_of((s.*section).*field); }};
}

template <typename Section, typename Field>
Key text(std::string path, Section Settings::*section, Field field, std::string expects,
         std::string help, bool secret = false) {
  return {path,
          std::move(expects),
          std::move(help),
          secret,
          [=](Settings& s, const std::string& value) -> Status {
            (s.*section).*field = value;
            return base::ok();
          },
          [=](const Settings& s) { return (s.*section).*field; }};
}

template <typename Section, typename Field>
Key choice(std::string path, Section Settings::*section, Field field,
           std::vector<std::string> values, std::string help) {
  std::string expects = "one of";
  for (const std::string& v : values) expects += " " + v + (v == values.back() ? "" : ",");
  return {path,
          expects,
          std::move(help),
          false,
          [=](Settings& s, const std::string& value) -> Status {
            for (const std::string& v : values) {
              if (v != value) continue;
              (s.*section).*field = value;
              return base::ok();
            }
            return refuse(path, value, expects);
          },
          [=](const Settings& s) { return (s.*section).*field; }};
}

template <typename Section, typename Field>
Key flag(std::string path, Section Settings::*section, Field field, std::string help) {
  return {path,
          "true or false",
          std::move(help),
          false,
          [=](Settings& s, const std::string& value) -> Status {
            if (value != "true" && value != "false") return refuse(path, value, "true or false");
            (s.*section).*field = value == "true";
            return base::ok();
          },
          [=](const Settings& s) { return std::string((s.*section).*field ? "true" : "false"); }};
}

// A number of bytes or "auto".
template <typename Section, typename Field>
Key bytes(std::string path, Section Settings::*section, Field field, std::string help) {
  const std::string expects = "auto or a whole number of bytes up to " + std::to_string(kMaxBytes);
  return {path,
          expects,
          std::move(help),
          false,
          [=](Settings& s, const std::string& text) -> Status {
            uint64_t value = 0;
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), value);
            const bool number =
                error == std::errc() && end == text.data() + text.size() && value <= kMaxBytes;
            if (text != "auto" && !number) return refuse(path, text, expects);
            (s.*section).*field = text;
            return base::ok();
          },
          [=](const Settings& s) { return (s.*section).*field; }};
}

// http://host[:port][/path], where a host may be an IPv6 address in brackets.
bool is_http_url(const std::string& text) {
  static const std::regex form(
      R"(http://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:([0-9]{1,5}))?(/[A-Za-z0-9._~/-]*)?)");
  std::smatch parts;
  if (text.size() > kMaxUrlBytes || !std::regex_match(text, parts, form)) return false;
  if (!parts[3].matched) return true;
  const int port = std::stoi(parts[3]);
  return port >= 1 && port <= 65535;
}

template <typename Section, typename Field>
Key url(std::string path, Section Settings::*section, Field field, std::string help) {
  const std::string expects = "empty or a URL like http://host:port";
  return {path,
          expects,
          std::move(help),
          false,
          [=](Settings& s, const std::string& text) -> Status {
            if (!text.empty() && !is_http_url(text)) return refuse(path, text, expects);
            (s.*section).*field = text;
            return base::ok();
          },
          [=](const Settings& s) { return (s.*section).*field; }};
}

// Pointers to the members of the unnamed sections.
#define SECTION(name) &Settings::name
#define FIELD(section, name) &decltype(Settings::section)::name

std::vector<Key> make_keys() {
  constexpr uint64_t kGiB = 1ull << 30;
  return {
      choice("node.roles", SECTION(node), FIELD(node, roles), {"gateway,placement,worker"},
             "The roles of this process. One node plays all roles. A node with fewer roles"
             " needs a cluster, which is not available yet."),
      text("node.data_dir", SECTION(node), FIELD(node, data_dir), "a directory",
           "Directory that holds all data. Only one server may use it at a time."),
      text("http.host", SECTION(http), FIELD(http, host), "an address",
           "Address to listen on. An address other than loopback needs authentication or"
           " --insecure."),
      number("http.port", SECTION(http), FIELD(http, port), 0, 65535,
             "Port of the REST API. 0 takes a free port and logs it."),
      number("http.loops", SECTION(http), FIELD(http, loops), 0, 64,
             "Event loops, which own the sockets and answer short searches. 0: one per "
             "core."),
      number("http.workers", SECTION(http), FIELD(http, workers), 0, 1024,
             "Threads that parse bodies and search. 0: one per core."),
      number("http.max_body_bytes", SECTION(http), FIELD(http, max_body_bytes), 1024, kGiB,
             "Largest request body. A larger one gets a 413. An import streams its body "
             "and is not bound by this limit."),
      number("http.max_connections", SECTION(http), FIELD(http, max_connections), 1, 1'000'000,
             "Most connections at a time. Further ones are closed."),
      number("http.header_timeout_ms", SECTION(http), FIELD(http, header_timeout_ms), 100,
             3'600'000, "A request whose header takes longer to arrive gets a 408."),
      number("http.body_timeout_ms", SECTION(http), FIELD(http, body_timeout_ms), 100, 3'600'000,
             "A request whose body takes longer to arrive gets a 408."),
      number("http.idle_timeout_ms", SECTION(http), FIELD(http, idle_timeout_ms), 100, 3'600'000,
             "An idle connection is closed after this time."),
      flag("http.cors", SECTION(http), FIELD(http, cors),
           "Whether browsers may call from pages of other origins."),
      text("http.cors_origins", SECTION(http), FIELD(http, cors_origins),
           "* or origins with commas between them", "The origins that may call."),
      choice("log.level", SECTION(log), FIELD(log, level),
             {"trace", "debug", "info", "warn", "error"},
             "Lowest level that is logged. SIGHUP makes the server read this key again."),
      choice("log.format", SECTION(log), FIELD(log, format), {"auto", "json", "text"},
             "json: one JSON object per line. text: readable lines. auto: text on a "
             "terminal, else json."),
      text("auth.plugin", SECTION(auth), FIELD(auth, plugin), "the id of an auth plugin",
           "Who may do what. none: everybody may do everything. static: the two keys below "
           "decide. Or a plugin of your own."),
      text("auth.api_key", SECTION(auth), FIELD(auth, api_key), "a key",
           "This key may do everything. RHUMB_AUTH_API_KEY is a better place for it than"
           " this file.",
           true),
      text("auth.read_only_api_key", SECTION(auth), FIELD(auth, read_only_api_key), "a key",
           "This key may only read.", true),
      text("plugins.directory", SECTION(plugins), FIELD(plugins, directory), "a directory",
           "Directory of the plugins. If empty: the one that was installed with the "
           "executable."),
      text("storage.log", SECTION(storage), FIELD(storage, log), "the id of a log plugin",
           "Write-ahead log that all groups share."),
      text("storage.kv", SECTION(storage), FIELD(storage, kv), "the id of a key-value plugin",
           "Key-value store of each shard and of the metadata."),
      choice("storage.sync", SECTION(storage), FIELD(storage, sync),
             {"always", "interval", "never"},
             "When the log is synced. always: before each acknowledgement. With interval "
             "and never, a power cut loses the acknowledged writes that were not synced "
             "yet."),
      number("storage.sync_interval_ms", SECTION(storage), FIELD(storage, sync_interval_ms), 1,
             60'000, "Time between two syncs if storage.sync is interval."),
      number("storage.log_segment_bytes", SECTION(storage), FIELD(storage, log_segment_bytes),
             1ull << 20, kGiB, "Size of one file of the log."),
      number("storage.log_bytes", SECTION(storage), FIELD(storage, log_bytes), 1ull << 20,
             1ull << 40,
             "Bound of the log. From half of it on, the shards with entries in the oldest "
             "log file are checkpointed. At the bound, writes get a 429."),
      text("storage.snapshots_path", SECTION(storage), FIELD(storage, snapshots_path),
           "a directory", "Directory of the snapshots. If empty: snapshots in node.data_dir."),
      text("consensus.plugin", SECTION(consensus), FIELD(consensus, plugin),
           "the id of a consensus plugin", "Consensus engine of all groups."),
      number("consensus.tick_ms", SECTION(consensus), FIELD(consensus, tick_ms), 10, 10'000,
             "Length of one tick of the consensus engine."),
      number("consensus.election_ticks", SECTION(consensus), FIELD(consensus, election_ticks), 3,
             1000, "Ticks without a leader before an election starts."),
      text("router.plugin", SECTION(router), FIELD(router, plugin), "the id of a router plugin",
           "Router, which decides the bucket of each id and the shard that owns each "
           "bucket."),
      text("index.plugin", SECTION(index), FIELD(index, plugin), "the id of an index plugin",
           "Index of vectors: rhumb, hnsw (hnswlib), flat (exact), or a plugin of your "
           "own."),
      number("index.build_threads", SECTION(index), FIELD(index, build_threads), 0, 1024,
             "Threads that build one graph. 0: one per core."),
      number("index.segment_rows", SECTION(index), FIELD(index, segment_rows), 256, 1u << 20,
             "Rows after which a segment is sealed. Each segment has its own graph, and "
             "every search visits every segment."),
      bytes("memory.limit_bytes", SECTION(memory), FIELD(memory, limit_bytes),
            "Limit of the memory that no file backs. From 80 % of it on, graphs and "
            "caches that files hold leave memory. At the limit, writes other than "
            "deletions get a 507. auto: 80 % of the memory of the control group or the "
            "machine. 0: no limit."),
      share("contract.cpu_share", SECTION(contract), FIELD(contract, cpu_share), 0.001, 1,
            "Part of one core that measuring the recall of contracts may take, over a "
            "minute and over all shards together. Once it is known whether the contracts "
            "are kept, measuring takes a fifth of it."),
      flag("compaction.enabled", SECTION(compaction), FIELD(compaction, enabled),
           "Whether segments are merged in the background, so that the space of deleted and "
           "overwritten points comes back."),
      share("compaction.dead_share", SECTION(compaction), FIELD(compaction, dead_share), 0.01, 1,
            "Part of a segment's rows that must be dead before an idle shard rewrites it. A shard "
            "that is written waits until half of them are."),
      number("compaction.segment_rows", SECTION(compaction), FIELD(compaction, segment_rows), 256,
             1u << 24, "Rows that a merged segment may hold."),
      number("compaction.segment_bytes", SECTION(compaction), FIELD(compaction, segment_bytes),
             1ull << 20, 1ull << 36, "Bytes that a merged segment may hold."),
      number("compaction.threads", SECTION(compaction), FIELD(compaction, threads), 1, 1024,
             "Threads that build the graph of a merged segment. One segment at a time is "
             "merged."),
      url("tracing.endpoint", SECTION(tracing), FIELD(tracing, endpoint),
          "OpenTelemetry collector that gets the traces of requests, as OTLP over HTTP: "
          "/v1/traces is added. If empty: no request is traced."),
      share("tracing.sample_ratio", SECTION(tracing), FIELD(tracing, sample_ratio), 0, 1,
            "Part of the requests without a traceparent header that are traced. With one, its "
            "flag decides."),
      choice("peer.loopback", SECTION(peer), FIELD(peer, loopback), {"direct", "encode"},
             "How the roles of one process exchange messages. direct: as objects. encode: "
             "every message is encoded and decoded, for tests."),
  };
}

#undef SECTION
#undef FIELD

}  // namespace

const std::vector<Key>& keys() {
  static const std::vector<Key> all = make_keys();
  return all;
}

Status set(Settings& settings, const std::string& path, const std::string& value) {
  for (const Key& key : keys()) {
    if (key.path == path) return key.set(settings, value);
  }
  return base::invalid(path + ": unknown key (config/rhumb.yaml lists all)");
}

std::string environment_name(const std::string& path) {
  std::string name = "RHUMB_";
  for (const char c : path)
    name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

Status load_environment(Settings& settings, const std::map<std::string, std::string>& environment) {
  for (const Key& key : keys()) {
    auto it = environment.find(environment_name(key.path));
    if (it == environment.end()) continue;
    if (const Status status = key.set(settings, it->second); !status.ok())
      return status.within("environment " + it->first);
  }
  return base::ok();
}

namespace {

// Returns `text` as YAML comments of at most kPrintedColumns columns.
std::string comment(const std::string& indent, const std::string& text) {
  std::istringstream words(text);
  std::string out, line = indent + "#", word;
  while (words >> word) {
    if (line.size() + 1 + word.size() > kPrintedColumns) {
      out += line + "\n";
      line = indent + "#";
    }
    line += " " + word;
  }
  return out + line + "\n";
}

}  // namespace

std::string print(const Settings& settings) {
  std::string out =
      comment("",
              "Configuration of rhumbd: every key with its default. Leave out the keys that you do "
              "not change.") +
      comment("",
              "The files conf.d/*.yaml beside this file are read after it, in the order of their "
              "names, and the last value of a key counts. Environment variables override the files "
              "(RHUMB_HTTP_PORT for http.port), and the command line overrides all of them (--set "
              "http.port=6334).");
  std::string section;
  for (const Key& key : keys()) {
    const size_t dot = key.path.find('.');
    if (key.path.substr(0, dot) != section) {
      section = key.path.substr(0, dot);
      out += "\n" + section + ":\n";
    }
    std::string value = key.get(settings);
    if (key.secret && !value.empty()) value = "***";
    const bool quote = value.empty() || value == "*" ||
                       value.find_first_of(":#'\"{}[],&!|>%@`") != std::string::npos;
    out += comment("  ", key.help + " (" + key.expects + ")");
    out += "  " + key.path.substr(dot + 1) + ": " + (quote ? "\"" + value + "\"" : value) + "\n";
  }
  return out;
}

}  // namespace rhumb::settings
