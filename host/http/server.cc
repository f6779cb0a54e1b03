#include "host/http/server.h"

#include <future>

#include "host/base/log.h"
#include "host/http/connection.h"
#include "host/http/response.h"
#include "host/http/server_context.h"
#include "host/net/listener.h"
#include "host/net/loop.h"

namespace rhumb::http {
namespace {

std::string overload_answer() {
  Response response = error_response(503, "Service Unavailable: too many connections");
  response.headers.emplace_back("Retry-After", "1");
  HeadContext context;
  context.keep_alive = false;
  context.content_length = response.body.size();
  return response_head(response, context) + response.body;
}

}  // namespace

Server::Server(ServerOptions options, Handler& handler)
    : context_(std::make_shared<ServerContext>(std::move(options), handler)) {}

Server::~Server() { stop(0); }

base::Status Server::start() {
  RHUMB_ASSERT(listener_ == nullptr);
  const ServerOptions& options = context_->options;
  RHUMB_ASSERT(options.loops >= 1);
  // One acceptor deals connections out evenly. SO_REUSEPORT would leave some loops idle.
  const auto on_accept = [this](net::Admission admission) {
    const std::shared_ptr<net::Loop>& loop =
        loops_[next_loop_.fetch_add(1, std::memory_order_relaxed) % loops_.size()];
    loop->run([&target = *loop, context = context_, admission = std::move(admission)]() mutable {
      target.adopt(std::make_unique<Connection>(target, std::move(admission), std::move(context)));
    });
  };
  listener_ = std::make_unique<net::Listener>(context_->sockets, overload_answer(), on_accept);
  base::Status status = listener_->bind(options.host, options.port);
  if (status.ok()) status = start_loops();
  if (!status.ok()) {
    stop(0);
    return status;
  }
  collector_ = base::add_collector([context = context_] {
    static base::Gauge& connections = base::gauge("rhumb_http_connections");
    static base::Gauge& body_bytes = base::gauge("rhumb_http_inflight_body_bytes");
    connections.set(context->sockets->connections.load());
    body_bytes.set(static_cast<double>(context->budget->used.load()));
  });
  base::log_info("http", "listening",
                 {{"host", options.host}, {"port", port()}, {"loops", options.loops}});
  return base::ok();
}

base::Status Server::start_loops() {
  for (uint32_t i = 0; i < context_->options.loops; ++i) {
    RHUMB_ASSIGN(std::shared_ptr<net::Loop> loop, net::Loop::start("http-" + std::to_string(i)));
    loops_.push_back(std::move(loop));
  }
  std::promise<base::Status> opened;
  loops_[0]->run([&] { opened.set_value(listener_->open(*loops_[0])); });
  return opened.get_future().get();
}

void Server::stop(uint32_t drain_ms) {
  context_->stopping.store(true);
  if (collector_ != 0) base::remove_collector(std::exchange(collector_, 0));
  if (!loops_.empty()) {
    loops_[0]->run([this] { listener_->close(); });
  }
  for (const auto& loop : loops_) loop->close(drain_ms);
  for (const auto& loop : loops_) loop->join();
  loops_.clear();
}

uint16_t Server::port() const { return listener_ ? listener_->port() : 0; }
uint32_t Server::connections() const { return context_->sockets->connections.load(); }
uint64_t Server::inflight_body_bytes() const { return context_->budget->used.load(); }

}  // namespace rhumb::http
