// A raw socket for tests: sends exactly the bytes it is given. Every wait has a deadline, none is a
// sleep.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rhumb::net {

class SocketClient {
 public:
  explicit SocketClient(uint16_t port, int receive_buffer = 0);  // 0: the system's size
  ~SocketClient();
  SocketClient(SocketClient&& other) noexcept;
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;

  bool send(std::string_view bytes);  // false: the server has closed
  // Reads up to and including the next line end. Returns what came if the server closes before it.
  std::string read_line();
  // Waits for the server's end of the connection; true if it came without a further byte.
  bool closed_by_server();
  std::string read_some();  // what there is, waiting for at least one byte; empty at the end
  void shutdown_send();
  void reset();  // closes with RST
  int fd() const { return fd_; }

 protected:
  bool fill();  // reads more into buffer_; false at the end
  std::string buffer_;

 private:
  int fd_ = -1;
};

}  // namespace rhumb::net
