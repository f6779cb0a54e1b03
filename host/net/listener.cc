#include "host/net/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "host/base/limits.h"
#include "host/base/log.h"

namespace rhumb::net {

namespace limits = base::limits;

struct Listener::Socket {
  int fd = -1;
  uv_poll_t poll{};
  Listener* listener = nullptr;
};

namespace {

void start_polling(uv_poll_t& poll, uv_poll_cb callback) {
  RHUMB_ASSERT(uv_poll_start(&poll, UV_READABLE, callback) == 0);
}

}  // namespace

Listener::Listener(std::shared_ptr<SocketGroup> group, std::string refusal, OnAccept on_accept)
    : group_(std::move(group)), refusal_(std::move(refusal)), on_accept_(std::move(on_accept)) {}

Listener::~Listener() {
  for (const auto& socket : sockets_) {
    if (socket->fd >= 0) ::close(socket->fd);
  }
}

base::Status Listener::bind(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string bare = host.size() > 2 && host.front() == '[' && host.back() == ']'
                               ? host.substr(1, host.size() - 2)
                               : host;
  if (const int rc = getaddrinfo(bare.c_str(), std::to_string(port).c_str(), &hints, &found);
      rc != 0) {
    return base::invalid("cannot listen on \"" + host + "\": " + gai_strerror(rc));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, freeaddrinfo);
  port_ = port;
  base::Status first_failure;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const base::Status status = bind_one(address->ai_addr, address->ai_addrlen, address->ai_family);
    if (status.ok()) continue;
    // A machine without IPv6 may still name ::1 as localhost, so kInvalid is skipped here. An
    // address in use is always a mistake.
    if (status.code() != base::Code::kInvalid)
      return status.within("cannot listen on " + host + ":" + std::to_string(port));
    if (first_failure.ok()) first_failure = status;
  }
  if (!sockets_.empty()) return base::ok();
  return first_failure.within("cannot listen on " + host + ":" + std::to_string(port));
}

base::Status Listener::bind_one(const void* address, uint32_t length, int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return base::invalid(std::strerror(errno));
  auto socket = std::make_unique<Socket>();
  socket->fd = fd;
  socket->listener = this;
  const int on = 1;
  const auto fail = [&] {
    const int error = errno;
    ::close(fd);
    if (error == EADDRINUSE)
      return base::Status(base::Code::kUnavailable, "the address is in use by another process");
    if (error == EACCES || error == EPERM)
      return base::Status(base::Code::kForbidden, "not allowed to listen there");
    return base::invalid(std::strerror(error));
  };
  if (::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) return fail();
  if (family == AF_INET6 && ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
    return fail();
  sockaddr_storage target{};
  std::memcpy(&target, address, length);
  // The second address of a name gets the port that the system chose for the first one.
  if (family == AF_INET)
    reinterpret_cast<sockaddr_in&>(target).sin_port = htons(port_);
  else if (family == AF_INET6)
    reinterpret_cast<sockaddr_in6&>(target).sin6_port = htons(port_);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&target), length) != 0) return fail();
  if (::listen(fd, SOMAXCONN) != 0) return fail();
  socklen_t bound_length = sizeof(target);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&target), &bound_length) != 0) return fail();
  port_ = ntohs(family == AF_INET ? reinterpret_cast<sockaddr_in&>(target).sin_port
                                  : reinterpret_cast<sockaddr_in6&>(target).sin6_port);
  sockets_.push_back(std::move(socket));
  return base::ok();
}

base::Status Listener::open(Loop& loop) {
  uv_timer_init(loop.uv(), &retry_);
  retry_.data = this;
  open_ = true;
  for (const auto& socket : sockets_) {
    if (const int rc = uv_poll_init(loop.uv(), &socket->poll, socket->fd); rc != 0) {
      return {base::Code::kIo, std::string("cannot watch a listening socket: ") + uv_strerror(rc)};
    }
    socket->poll.data = socket.get();
  }
  resume();
  return base::ok();
}

void Listener::resume() {
  for (const auto& socket : sockets_) {
    start_polling(socket->poll, [](uv_poll_t* poll, int, int) {
      const Socket& ready = *static_cast<Socket*>(poll->data);
      ready.listener->accept_some(ready.fd);
    });
  }
}

// The process is out of file descriptors. The kernel keeps the connections until descriptors are
// free again.
void Listener::pause() {
  for (const auto& socket : sockets_) uv_poll_stop(&socket->poll);
  uv_timer_start(
      &retry_, [](uv_timer_t* timer) { static_cast<Listener*>(timer->data)->resume(); },
      limits::kAcceptRetryMs, 0);
}

void Listener::accept_some(int fd) {
  for (uint32_t i = 0; i < limits::kMaxAcceptsPerTurn; ++i) {
    const int accepted = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      admit(accepted);
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    base::log_error("net", "cannot accept connections for now", {{"error", std::strerror(errno)}});
    pause();
    return;
  }
}

void Listener::admit(int fd) {
  const uint32_t others = group_->connections.fetch_add(1, std::memory_order_relaxed);
  Admission admission(fd, group_);
  if (others < group_->limits.max_connections) {
    on_accept_(std::move(admission));
    return;
  }
  group_->counters.refused_connections.add();
  // Best effort: the buffer of a fresh socket holds the refusal. A client that cannot take it only
  // misses the reason.
  const ssize_t sent = ::send(fd, refusal_.data(), refusal_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  base::log_debug("net", "refused a connection: too many", {{"reason_sent", sent > 0}});
}

void Listener::close() {
  if (!open_) return;
  open_ = false;
  for (const auto& socket : sockets_) {
    if (socket->poll.data != nullptr)
      uv_close(reinterpret_cast<uv_handle_t*>(&socket->poll), nullptr);
    // Closed now, because an open listening socket would go on taking connections into its backlog.
    ::close(std::exchange(socket->fd, -1));
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&retry_), nullptr);
}

}  // namespace rhumb::net
