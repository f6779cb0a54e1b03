// One blocking keep-alive connection, as plain as can be, so that the load program costs little
// beside the server it measures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rhumb::bench {

// One thread at a time. Ends the program with a message when the server does not answer as HTTP/1.1
// with a Content-Length.
class HttpClient {
 public:
  explicit HttpClient(uint16_t port);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // The status; `body` stays valid until the next call.
  int request(std::string_view method, std::string_view path, std::string_view body);
  std::string_view body() const {
    return std::string_view(received_).substr(body_at_, body_bytes_);
  }

 private:
  void send_all(std::string_view bytes);
  size_t receive();  // appends, returns how many

  int fd_ = -1;
  std::string sent_, received_;
  size_t body_at_ = 0, body_bytes_ = 0;
};

}  // namespace rhumb::bench
