#include "tests/bench/http_client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace rhumb::bench {
namespace {

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

}  // namespace

HttpClient::HttpClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd_ < 0 || ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    fail("connect");
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

HttpClient::~HttpClient() { ::close(fd_); }

void HttpClient::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) fail("send");
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

size_t HttpClient::receive() {
  const size_t had = received_.size();
  received_.resize(had + 65536);
  const ssize_t n = ::recv(fd_, received_.data() + had, 65536, 0);
  if (n <= 0) fail("the server closed the connection");
  received_.resize(had + static_cast<size_t>(n));
  return static_cast<size_t>(n);
}

int HttpClient::request(std::string_view method, std::string_view path, std::string_view body) {
  sent_.assign(method).append(" ").append(path).append(
      " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ");
  sent_.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  send_all(sent_);
  received_.clear();
  size_t end = std::string::npos;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) receive();
  static constexpr std::string_view kLength = "content-length:";
  std::string head = received_.substr(0, end);
  for (char& c : head) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  const size_t at = head.find(kLength);
  if (at == std::string::npos) fail("no Content-Length");
  body_at_ = end + 4;
  body_bytes_ = std::strtoull(head.c_str() + at + kLength.size(), nullptr, 10);
  while (received_.size() < body_at_ + body_bytes_) receive();
  return std::atoi(head.c_str() + 9);
}

}  // namespace rhumb::bench
