// The listening sockets of one server, accepted from by one loop.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/http/server_context.h"

namespace rhumb::http {

// bind() and port() on any thread before open(); open() and close() on the loop thread. Destroyed
// after the loop has ended. SO_REUSEADDR (a restart must not wait for old connections) but never
// SO_REUSEPORT: two servers on one port are a mistake to be told.
class Listener {
 public:
  using OnAccept = std::function<void(Admission)>;
  Listener(std::shared_ptr<ServerContext> context, OnAccept on_accept);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Binds every address of the host; kInvalid: no such host, kUnavailable: in use, kForbidden: not
  // allowed.
  base::Status bind(const std::string& host, uint16_t port);
  uint16_t port() const { return port_; }  // the bound one
  base::Status open(uv_loop_t* loop);
  void close();

 private:
  struct Socket;
  base::Status bind_one(const void* address, uint32_t length, int family);
  void accept_some(int fd);
  void admit(int fd);
  void pause();
  void resume();

  const std::shared_ptr<ServerContext> context_;
  const OnAccept on_accept_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  uint16_t port_ = 0;
  uv_timer_t retry_{};
  bool open_ = false;
};

}  // namespace rhumb::http
