// A raw-socket HTTP client for tests, which sends exactly the given bytes. Every wait has a
// deadline, and there are no sleeps.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace rhumb::http {

struct Answer {
  int status = 0;                             // 0: the connection ended before a complete answer
  std::map<std::string, std::string> fields;  // lower-case names
  std::string body;                           // with chunks joined
  bool whole = false;                         // whether the body ended properly
};

class Client {
 public:
  explicit Client(uint16_t port, int receive_buffer = 0);  // 0: the system's size
  ~Client();
  Client(Client&& other) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool send(std::string_view bytes);  // false: the server has closed the connection
  // Reads one answer. An interim answer (100) counts as one.
  Answer read(bool head_only = false);
  Answer get(std::string_view path, std::string_view more_fields = {});
  Answer post(std::string_view path, std::string_view body, std::string_view more_fields = {});
  // Waits until the server closes the connection. Returns true if no further byte came.
  bool closed_by_server();
  std::string read_some();  // returns what there is, after at least one byte; empty at the end
  void shutdown_send();
  void reset();  // closes with RST
  int fd() const { return fd_; }

 private:
  bool fill();  // reads more into buffer_; false at the end
  bool read_chunked(Answer& answer);
  int fd_ = -1;
  std::string buffer_;
};

std::string gunzip(std::string_view packed);

}  // namespace rhumb::http
