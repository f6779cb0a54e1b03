// The server: one node and the HTTP front. Use it on the control thread only.
#pragma once

#include <memory>

#include "host/admin/admin_handler.h"
#include "host/app/data_lock.h"
#include "host/app/node.h"
#include "host/app/tracing/trace_exporter.h"
#include "host/auth/authenticator.h"
#include "host/base/status.h"
#include "host/base/tracer.h"
#include "host/http/rest/rest_handler.h"
#include "host/http/server.h"
#include "host/settings/settings.h"

namespace rhumb::app {

// Returns true if others than this machine could reach the address of the settings.
bool listens_beyond_loopback(const settings::Settings& settings);
// Refuses an auth engine that does not check credentials, for an address beyond loopback.
base::Status check_exposure(const settings::Settings& settings,
                            const plugin::PluginRegistry& plugins);

// The directory of the settings, or the one of the installation.
std::string plugin_directory(const settings::Settings& settings);
// The value of memory.limit_bytes as a number; 0: no limit.
uint64_t memory_limit(const std::string& text);

class Server {
 public:
  explicit Server(const settings::Settings& settings) : settings_(settings) {}
  ~Server();  // calls stop()

  // Refuses to listen beyond loopback without authentication, unless `insecure` is set. Call it
  // before start(). It loads the plugins only if it must know the engine, and touches no data.
  base::Status check_exposure(bool insecure);
  base::Status start();
  // Opens the data directory as start() does and verifies it. An error means that it cannot be
  // checked.
  base::Result<CheckReport> check();
  // False while shards are opened; `why` says what is not ready.
  bool ready(std::string* why) const { return node_->ready(why); }
  std::vector<Watchdog::Part> watched_parts() { return node_->watched_parts(); }
  void stop();  // Waits up to kDrainMs for running requests, then stops the node.
  uint16_t port() const { return http_->port(); }

 private:
  base::Status open_authenticator();
  void start_tracing();
  base::Status authorize(const http::Request& request, http::rest::Action action,
                         const std::string& collection) const;
  NodeOptions node_options() const;
  http::ServerOptions http_options() const;

  const settings::Settings settings_;
  DataLock lock_;
  // Null if no request is traced. Spans may end as long as the node lives.
  std::unique_ptr<TraceExporter> traces_;
  std::unique_ptr<base::Tracer> tracer_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<auth::Authenticator> auth_;
  std::unique_ptr<http::rest::RestHandler> rest_;
  std::unique_ptr<admin::AdminHandler> admin_;
  std::unique_ptr<http::Server> http_;
};

}  // namespace rhumb::app
