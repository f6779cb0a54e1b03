// The state that the connections of one server share. Every unanswered exchange keeps it alive.
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "host/base/metrics.h"
#include "host/http/cors.h"
#include "host/http/options.h"
#include "host/http/request.h"
#include "host/net/byte_budget.h"
#include "host/net/socket_group.h"

namespace rhumb::http {

struct ServerContext {
  ServerContext(ServerOptions server_options, Handler& server_handler);

  const ServerOptions options;
  const Cors cors;
  Handler& handler;  // used on the loop threads only; it is gone after the server has stopped
  const std::shared_ptr<net::ByteBudget> budget;  // bytes of request bodies
  const std::shared_ptr<net::SocketGroup> sockets;
  std::atomic<bool> stopping{false};

  const RouteMetrics no_route{"none"};
  base::Counter& responses(int status);  // rhumb_http_responses_total{status="..."}

 private:
  std::array<std::atomic<base::Counter*>, 600> by_status_{};
};

}  // namespace rhumb::http
