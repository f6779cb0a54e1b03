// A raw-socket HTTP client for tests: sends exactly the bytes it is given. Every wait has a
// deadline, none is a sleep.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace rhumb::http {

struct Answer {
  int status = 0;                             // 0: the connection ended before a whole answer
  std::map<std::string, std::string> fields;  // lower-case names
  std::string body;                           // chunks undone
  bool whole = false;                         // the body came to its proper end
};

class Client {
 public:
  explicit Client(uint16_t port, int receive_buffer = 0);  // 0: the system's size
  ~Client();
  Client(Client&& other) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool send(std::string_view bytes);  // false: the server has closed
  // Reads one answer; interim ones (100) are answers of their own.
  Answer read(bool head_only = false);
  Answer get(std::string_view path, std::string_view more_fields = {});
  Answer post(std::string_view path, std::string_view body, std::string_view more_fields = {});
  // Waits for the server's end of the connection; true if it came without a further byte.
  bool closed_by_server();
  std::string read_some();  // what there is, waiting for at least one byte; empty at the end
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
