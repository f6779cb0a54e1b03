#include "host/app/server.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "host/app/upgrade/backup.h"
#include "host/base/log.h"
#include "host/base/memory_measure.h"
#include "host/base/mutex.h"
#include "host/base/overdue.h"
#include "host/base/version.h"

namespace rhumb::app {
namespace {

using base::Code;
using base::Status;

constexpr uint32_t kDrainMs = 10'000;
constexpr uint32_t kReadGraceMs = 2'000;  // at a stop, running reads end after this time
// At a stop, work for a request that has not ended after this time will never end.
constexpr uint32_t kStopMs = 12'000;
constexpr uint32_t kStopLookMs = 500;

uint32_t cores() { return std::max(1u, std::thread::hardware_concurrency()); }
uint32_t or_cores(uint64_t configured) {
  return configured == 0 ? cores() : static_cast<uint32_t>(configured);
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

// The directory of the installation, which may be lib/x86_64-linux-gnu. A build has them in lib.
std::string default_plugin_directory() {
  std::error_code error;
  const auto bin = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  const auto installed = (bin / RHUMB_LIB_FROM_BIN / "plugins").lexically_normal();
  if (std::filesystem::is_directory(installed, error)) return installed.string();
  return (bin.parent_path() / "lib" / "rhumb" / "plugins").string();
}

// A check must not create a data directory.
bool is_data_directory(const std::string& directory) {
  const auto there = [&](const char* name) { return base::exists(directory + name); };
  return there("/lock") || there("/log") || there("/metadata") || there("/shards");
}

// Number of log segments that the log keeps before it copies the few live entries of its oldest
// file to its head. It keeps them within half of the log's limit.
uint64_t kept_log_segments(const settings::Settings& settings) {
  return std::clamp<uint64_t>(settings.storage.log_bytes / 2 / settings.storage.log_segment_bytes,
                              1, base::limits::kMaxKeptLogSegments);
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  std::stringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    if (!word.empty()) out.push_back(word);
  }
  return out;
}

// Ends the process when the work of a request does not end, because work that reacts to neither
// deadline nor cancellation would block a stop for ever. Acknowledged writes are on disk, and the
// next start replays the log as after a kill.
class StopGuard {
 public:
  StopGuard() : deadline_(base::Deadline::after_ms(kStopMs)), thread_([this] { watch(); }) {}
  ~StopGuard() {
    {
      const base::MutexLock lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  StopGuard(const StopGuard&) = delete;
  StopGuard& operator=(const StopGuard&) = delete;

 private:
  void watch() {
    const base::MutexLock lock(mutex_);
    while (!stopped_) {
      wake_.wait_for(mutex_, std::chrono::milliseconds(kStopLookMs));
      if (stopped_ || !deadline_.expired() ||
          base::report_watched("a request does not end and would keep the server from stopping") ==
              0)
        continue;
      base::log_error("app", "stopped without waiting for requests that do not end",
                      {{"waited_ms", kStopMs}});
      std::_Exit(EXIT_SUCCESS);
    }
  }

  const base::Deadline deadline_;
  base::Mutex mutex_;
  base::CondVar wake_;
  bool stopped_ RHUMB_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last member, because it uses the others
};

}  // namespace

// The rest of the memory of the control group or the machine is for the pages of files and for
// short peaks.
uint64_t memory_limit(const std::string& text) {
  constexpr uint64_t kPercent = 80;
  uint64_t bytes = 0;
  if (text == "auto") return base::memory_there() / 100 * kPercent;
  // host/settings has checked the text.
  std::from_chars(text.data(), text.data() + text.size(), bytes);
  return bytes;
}

std::string plugin_directory(const settings::Settings& settings) {
  return settings.plugins.directory.empty() ? default_plugin_directory()
                                            : settings.plugins.directory;
}

bool listens_beyond_loopback(const settings::Settings& settings) {
  return !is_loopback(settings.http.host);
}

Status check_exposure(const settings::Settings& settings, const plugin::PluginRegistry& plugins) {
  RHUMB_ASSIGN(const auth::Capabilities engine, auth::capabilities(plugins, settings.auth.plugin));
  if (engine.checks_credentials || !listens_beyond_loopback(settings)) return base::ok();
  std::string others;
  for (const std::string& id : plugins.ids(RHUMB_KIND_AUTH)) {
    const auto other = auth::capabilities(plugins, id);
    if (other.ok() && other->checks_credentials) others += (others.empty() ? "" : ", ") + id;
  }
  return base::invalid("http.host " + settings.http.host + " is not loopback and the auth.plugin " +
                       settings.auth.plugin +
                       " checks no credentials: everybody who reaches the port could read and "
                       "delete everything. Set auth.plugin to one that checks them (" +
                       (others.empty() ? "none is loaded" : others) + "), or use --insecure");
}

Server::~Server() { stop(); }

NodeOptions Server::node_options() const {
  NodeOptions o;
  o.data_directory = settings_.node.data_dir;
  o.snapshots_directory = settings_.storage.snapshots_path;
  o.snapshot_urls = settings_.snapshots.allowed_urls;
  o.plugin_directory = plugin_directory(settings_);
  o.log_engine = settings_.storage.log;
  o.kv_engine = settings_.storage.kv;
  o.consensus_engine = settings_.consensus.plugin;
  o.router_engine = settings_.router.plugin;
  o.index_engine = settings_.index.plugin;
  o.log_config_json = nlohmann::json{{"sync", settings_.storage.sync},
                                     {"interval_ms", settings_.storage.sync_interval_ms},
                                     {"segment_bytes", settings_.storage.log_segment_bytes},
                                     {"keep_segments", kept_log_segments(settings_)}}
                          .dump();
  o.log_bytes = settings_.storage.log_bytes;
  o.memory_bytes = memory_limit(settings_.memory.limit_bytes);
  o.pool_threads = or_cores(settings_.http.workers);
  o.apply_threads = std::min(4u, cores());
  o.background_threads = std::max(2u, cores() / 2);
  o.recall_cpu_share = settings_.contract.cpu_share;
  o.scrub_period_seconds = settings_.scrub.period;
  o.scrub_bytes_per_second = settings_.scrub.bytes_per_second;
  o.compaction.enabled = settings_.compaction.enabled;
  o.compaction.dead_share = settings_.compaction.dead_share;
  o.compaction.busy_dead_share =
      std::max(o.compaction.busy_dead_share, settings_.compaction.dead_share);
  o.compaction.max_rows = settings_.compaction.segment_rows;
  o.compaction.max_bytes = settings_.compaction.segment_bytes;
  o.compaction.threads = static_cast<uint32_t>(settings_.compaction.threads);
  o.build_threads = or_cores(settings_.index.build_threads);
  o.seal_rows = static_cast<uint32_t>(settings_.index.segment_rows);
  o.tick_ms = static_cast<uint32_t>(settings_.consensus.tick_ms);
  o.election_ticks = static_cast<uint32_t>(settings_.consensus.election_ticks);
  o.loopback = settings_.peer.loopback == "encode" ? peer::LoopbackMode::kEncode
                                                   : peer::LoopbackMode::kDirect;
  return o;
}

http::ServerOptions Server::http_options() const {
  http::ServerOptions o;
  o.host = settings_.http.host;
  o.port = static_cast<uint16_t>(settings_.http.port);
  // The loops run short searches.
  o.loops = settings_.http.loops != 0 ? static_cast<uint32_t>(settings_.http.loops)
                                      : std::min(cores(), 64u);
  o.max_body_bytes = settings_.http.max_body_bytes;
  o.max_connections = static_cast<uint32_t>(settings_.http.max_connections);
  o.header_timeout_ms = static_cast<uint32_t>(settings_.http.header_timeout_ms);
  o.body_timeout_ms = static_cast<uint32_t>(settings_.http.body_timeout_ms);
  o.idle_timeout_ms = static_cast<uint32_t>(settings_.http.idle_timeout_ms);
  o.cors.enabled = settings_.http.cors;
  o.cors.origins = split(settings_.http.cors_origins);
  return o;
}

Status Server::check_exposure(bool insecure) {
  if (insecure || !listens_beyond_loopback(settings_)) return base::ok();
  node_ = std::make_unique<Node>(node_options());
  RHUMB_TRY(node_->load_plugins());
  return app::check_exposure(settings_, node_->plugins());
}

Status Server::open_authenticator() {
  const std::string& id = settings_.auth.plugin;
  RHUMB_ASSIGN(const auth::Capabilities engine, auth::capabilities(node_->plugins(), id));
  if (!engine.takes_keys && !settings_.auth.api_key.empty())
    base::log_warn("app", "auth.api_key is set, but the auth engine takes no keys",
                   {{"engine", id}});
  const std::string config =
      auth::config_json(engine, {settings_.auth.api_key, settings_.auth.read_only_api_key});
  RHUMB_ASSIGN(auth_, auth::Authenticator::open(node_->plugins(), id, config));
  return base::ok();
}

void Server::start_tracing() {
  if (settings_.tracing.endpoint.empty()) return;
  TraceExporterOptions options;
  options.endpoint = settings_.tracing.endpoint;
  options.resource = {{"service.name", "rhumb"},
                      {"service.version", base::kRhumbVersion},
                      {"service.instance.id", node_->instance_id()}};
  traces_ = std::make_unique<TraceExporter>(std::move(options));
  tracer_ = std::make_unique<base::Tracer>(*traces_, settings_.tracing.sample_ratio);
}

Status Server::start() {
  RHUMB_TRY(lock_.acquire(settings_.node.data_dir));
  RHUMB_TRY(upgrade::prepare(settings_.node.data_dir));
  if (!node_) node_ = std::make_unique<Node>(node_options());
  RHUMB_TRY(node_->start());
  RHUMB_TRY(open_authenticator());
  start_tracing();
  http::rest::RestOptions rest = node_->rest_options();
  rest.authorize = [this](const http::Request& request, http::rest::Action action,
                          const std::string& collection) {
    return authorize(request, action, collection);
  };
  rest.tracer = tracer_.get();
  rest_ = std::make_unique<http::rest::RestHandler>(std::move(rest));
  admin::AdminOptions admin;
  admin.ready = [this](std::string* why) { return ready(why); };
  admin.may_read_metrics = [this](const http::Request& request) {
    return authorize(request, http::rest::Action::kRead, "");
  };
  admin_ = std::make_unique<admin::AdminHandler>(std::move(admin), *rest_);
  http_ = std::make_unique<http::Server>(http_options(), *admin_);
  RHUMB_TRY(http_->start());
  base::log_info("app", "serving",
                 {{"host", settings_.http.host},
                  {"port", http_->port()},
                  {"data", settings_.node.data_dir},
                  {"memory_limit", node_->memory_limit()}});
  return base::ok();
}

base::Result<CheckReport> Server::check() {
  const std::string& directory = settings_.node.data_dir;
  if (!is_data_directory(directory)) return base::invalid(directory + " is not a data directory");
  RHUMB_TRY(lock_.acquire(directory));
  RHUMB_TRY(upgrade::prepare(directory));
  node_ = std::make_unique<Node>(node_options());
  const Status started = node_->start();
  if (started.ok()) return node_->check();
  if (started.code() != Code::kCorrupt && started.code() != Code::kIo) return started;
  CheckReport report;  // the finding that data which all shards need are damaged
  report.problems.push_back({started.message(), false});
  return report;
}

Status Server::authorize(const http::Request& request, http::rest::Action action,
                         const std::string& collection) const {
  const auth::Credentials credentials{request.header("api-key"), request.header("Authorization")};
  RHUMB_ASSIGN(const auth::Decision decision,
               auth_->check(credentials, static_cast<auth::Action>(action), collection));
  // Without the filter, the reply would show rows that the user must not see.
  if (!decision.mandatory_filter_json.empty())
    return {Code::kForbidden,
            "the auth engine demands a row filter, which this release cannot apply"};
  return base::ok();
}

void Server::stop() {
  const StopGuard guard;
  if (node_) node_->cancel_reads_at(base::Deadline::after_ms(kReadGraceMs));
  if (http_) http_->stop(kDrainMs);
  if (node_) node_->stop();
  if (traces_) traces_->stop();
  http_.reset();
  admin_.reset();
  rest_.reset();
  auth_.reset();
  node_.reset();
  tracer_.reset();
  traces_.reset();
}

}  // namespace rhumb::app
