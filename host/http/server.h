// The HTTP front: sockets, parsing, limits, and the hop between loops and workers. The Handler
// decides what a request means.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "host/base/status.h"
#include "host/http/options.h"
#include "host/http/request.h"

namespace rhumb::net {
class Listener;
class Loop;
}  // namespace rhumb::net

namespace rhumb::http {

struct ServerContext;

// Owns the threads of the loops. Call start() and stop() from one thread. The handler must outlive
// the server; replies may outlive both. Nothing survives a crash: a client that got no answer does
// not know whether its request took effect.
class Server {
 public:
  Server(ServerOptions options, Handler& handler);
  ~Server();  // calls stop(0)
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds, then serves. After an error nothing is left running.
  base::Status start();
  // Stops accepting, closes idle connections, lets running requests finish for up to drain_ms, then
  // closes the rest and joins the loops. It may be called again.
  void stop(uint32_t drain_ms);
  uint16_t port() const;         // the port that was bound, after start()
  uint32_t connections() const;  // connections that are open now
  uint64_t inflight_body_bytes() const;

 private:
  base::Status start_loops();

  const std::shared_ptr<ServerContext> context_;
  std::unique_ptr<net::Listener> listener_;
  std::vector<std::shared_ptr<net::Loop>> loops_;
  std::atomic<uint32_t> next_loop_{0};
  uint64_t collector_ = 0;
};

}  // namespace rhumb::http
