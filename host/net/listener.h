// The listening sockets of one server. One loop accepts from them.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/net/loop.h"
#include "host/net/socket_group.h"

namespace rhumb::net {

// Call bind() and port() on any thread before open(); call open() and close() on the loop thread.
// Destroy it after the loop has ended. It sets SO_REUSEADDR, so that a restart does not wait for
// old connections, but never SO_REUSEPORT: a second server on the same port is a mistake and gets
// an error.
class Listener {
 public:
  using OnAccept = std::function<void(Admission)>;
  // A client over max_connections is sent `refusal` as a last word, which may be empty.
  Listener(std::shared_ptr<SocketGroup> group, std::string refusal, OnAccept on_accept);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Binds every address of the host. kInvalid: there is no such host. kUnavailable: the address is
  // in use. kForbidden: the process is not allowed to listen there.
  base::Status bind(const std::string& host, uint16_t port);
  uint16_t port() const { return port_; }  // the port that was bound
  base::Status open(Loop& loop);
  void close();

 private:
  struct Socket;
  base::Status bind_one(const void* address, uint32_t length, int family);
  void accept_some(int fd);
  void admit(int fd);
  void pause();
  void resume();

  const std::shared_ptr<SocketGroup> group_;
  const std::string refusal_;
  const OnAccept on_accept_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  uint16_t port_ = 0;
  uv_timer_t retry_{};
  bool open_ = false;
};

}  // namespace rhumb::net
