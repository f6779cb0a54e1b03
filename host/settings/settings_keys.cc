#include <sstream>

#include "host/settings/key_kinds.h"
#include "host/settings/settings.h"

namespace rhumb::settings {
namespace {

using base::Status;

constexpr size_t kPrintedColumns = 100;

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
      url_list("snapshots.allowed_urls", SECTION(snapshots), FIELD(snapshots, allowed_urls),
               "URLs that snapshots may be fetched from for a recovery, each with all paths "
               "below it. If empty: none may, because whoever may restore could reach through this "
               "server what only the server reaches."),
      duration("scrub.period", SECTION(scrub), FIELD(scrub, period), 366ull * 24 * 3600,
               "Time in which all sealed files are read from the disk and compared with their "
               "checksums, so that damage is found before a search needs the bytes. 0: never."),
      number("scrub.bytes_per_second", SECTION(scrub), FIELD(scrub, bytes_per_second), 1ull << 16,
             1ull << 40, "Most bytes that this reading takes from the disk in a second."),
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
