// One blocking keep-alive connection. It is as simple as possible, so that the load program costs
// little beside the measured server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rhumb::bench {

// Used by one thread at a time. It ends the program with a message if the server does not answer in
// HTTP/1.1 with a Content-Length.
class HttpClient {
 public:
  explicit HttpClient(uint16_t port);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Returns the status; `body` stays valid until the next call.
  int request(std::string_view method, std::string_view path, std::string_view body);
  std::string_view body() const {
    return std::string_view(received_).substr(body_at_, body_bytes_);
  }

 private:
  void send_all(std::string_view bytes);
  size_t receive();  // appends to the buffer and returns the number of bytes

  int fd_ = -1;
  std::string sent_, received_;
  size_t body_at_ = 0, body_bytes_ = 0;
};

}  // namespace rhumb::bench
