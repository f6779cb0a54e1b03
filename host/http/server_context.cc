#include "host/http/server_context.h"

namespace rhumb::http {

using base::counter;

namespace {

net::SocketCounters socket_counters() {
  return {.refused_connections = counter("rhumb_http_refused_connections_total"),
          .dropped_replies = counter("rhumb_http_dropped_replies_total"),
          .received_bytes = counter("rhumb_http_received_bytes_total"),
          .sent_bytes = counter("rhumb_http_sent_bytes_total")};
}

net::SocketLimits socket_limits(const ServerOptions& options) {
  return {.max_connections = options.max_connections,
          .max_unsent_bytes = options.max_unsent_bytes,
          .write_timeout_ms = options.write_timeout_ms};
}

}  // namespace

ServerContext::ServerContext(ServerOptions server_options, Handler& server_handler)
    : options(std::move(server_options)),
      cors(options.cors),
      handler(server_handler),
      budget(std::make_shared<net::ByteBudget>(options.max_inflight_body_bytes)),
      sockets(std::make_shared<net::SocketGroup>(socket_limits(options), socket_counters())) {}

base::Counter& ServerContext::responses(int status) {
  auto& slot = by_status_.at(static_cast<size_t>(status));
  base::Counter* known = slot.load(std::memory_order_acquire);
  if (known == nullptr) {
    known = &counter("rhumb_http_responses_total", {{"status", std::to_string(status)}});
    slot.store(known, std::memory_order_release);
  }
  return *known;
}

}  // namespace rhumb::http
