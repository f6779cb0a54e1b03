// The HTTP front: sockets, parsing, limits, the hop between loops and workers. What a request means
// is the Handler's business.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "host/base/status.h"
#include "host/http/options.h"
#include "host/http/request.h"

namespace rhumb::http {

class Listener;
class Loop;
struct ServerContext;

// Owns the loops' threads. start() and stop() from one thread. The handler must outlive the server;
// replies may outlive both. Nothing survives a crash: a client that got no answer does not know.
class Server {
 public:
  Server(ServerOptions options, Handler& handler);
  ~Server();  // stop(0)
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds, then serves. An error leaves nothing running.
  base::Status start();
  // Stops accepting, closes idle connections, lets running requests finish for up to drain_ms, then
  // closes what is left and joins. Idempotent.
  void stop(uint32_t drain_ms);
  uint16_t port() const;         // the bound one, after start()
  uint32_t connections() const;  // open now
  uint64_t inflight_body_bytes() const;

 private:
  base::Status start_loops();

  const std::shared_ptr<ServerContext> context_;
  std::unique_ptr<Listener> listener_;
  std::vector<std::shared_ptr<Loop>> loops_;
  std::atomic<uint32_t> next_loop_{0};
  uint64_t collector_ = 0;
};

}  // namespace rhumb::http
