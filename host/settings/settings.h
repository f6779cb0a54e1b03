// The settings of an operator: a plain tree of values. The values come from the defaults, the YAML
// file, the files in conf.d beside it, the environment (RHUMB_SECTION_KEY) and the command line;
// later sources override earlier ones. They are read once at start. SIGHUP reads only the log level
// again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "host/base/status.h"

namespace rhumb::settings {

struct Settings {
  struct {
    std::string roles = "gateway,placement,worker", data_dir = "./data";
  } node;
  struct {
    std::string host = "127.0.0.1";
    uint64_t port = 6333, loops = 0, workers = 0, max_body_bytes = 32ull << 20,
             max_connections = 16384;
    uint64_t header_timeout_ms = 10'000, body_timeout_ms = 60'000, idle_timeout_ms = 75'000;
    bool cors = true;
    std::string cors_origins = "*";
  } http;
  struct {
    std::string level = "info", format = "auto";
  } log;
  struct {
    std::string plugin = "none", api_key, read_only_api_key;
  } auth;
  struct {
    std::string directory;  // if empty: the one that was installed with the executable
  } plugins;
  struct {
    std::string log = "wal", kv = "sqlite", sync = "always";
    std::string snapshots_path;  // if empty: snapshots/ in the data directory
    uint64_t sync_interval_ms = 10, log_segment_bytes = 64ull << 20, log_bytes = 4ull << 30;
  } storage;
  struct {
    std::string plugin = "raft";
    uint64_t tick_ms = 100, election_ticks = 10;
  } consensus;
  struct {
    std::string plugin = "hash";
  } router;
  struct {
    std::string plugin = "rhumb";
    uint64_t build_threads = 0, segment_rows = 1u << 20;
  } index;
  struct {
    std::string limit_bytes = "auto";
  } memory;
  struct {
    double cpu_share = 0.05;
  } contract;
  struct {
    bool enabled = true;
    double dead_share = 0.2;
    uint64_t segment_rows = 1ull << 24;
    uint64_t segment_bytes = 64ull << 30;
    uint64_t threads = 1;
  } compaction;
  struct {
    std::string allowed_urls;  // if empty: none
  } snapshots;
  struct {
    uint64_t period = 7 * 24 * 3600;  // seconds; 0: never
    uint64_t bytes_per_second = 32ull << 20;
  } scrub;
  struct {
    std::string endpoint;  // if empty: no request is traced
    double sample_ratio = 0.01;
  } tracing;
  struct {
    std::string loopback = "direct";
  } peer;
};

// One entry of the table that drives parsing, printing and documentation.
struct Key {
  std::string path;     // "http.port"
  std::string expects;  // "a number from 0 to 65535", for error messages and the documentation
  std::string help;
  bool secret = false;
  std::function<base::Status(Settings&, const std::string&)> set;
  std::function<std::string(const Settings&)> get;
};
const std::vector<Key>& keys();

// Sets "section.key" to a value given as text. kInvalid names the key, the value and the values
// that are valid.
base::Status set(Settings& settings, const std::string& path, const std::string& value);
// kInvalid reads "file:line: section.key: ...". An unknown key is an error.
base::Status load_file(Settings& settings, const std::string& path);
// Reads `path` and then the files *.yaml of the directory conf.d beside it, in the order of their
// names. Names that begin with a dot are left out. There need not be such a directory.
base::Status load_file_and_parts(Settings& settings, const std::string& path);
// Reads RHUMB_HTTP_PORT for http.port, and so on.
base::Status load_environment(Settings& settings,
                              const std::map<std::string, std::string>& environment);
std::string environment_name(const std::string& path);

// Prints YAML with every key and its documentation. A secret is shown as *** unless it is empty.
std::string print(const Settings& settings);

}  // namespace rhumb::settings
