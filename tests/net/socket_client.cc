#include "tests/net/socket_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace rhumb::net {
namespace {

constexpr int kPatienceMs = 30'000;

void wait_for(int fd, short events) {
  pollfd p{fd, events, 0};
  if (::poll(&p, 1, kPatienceMs) <= 0)
    throw std::runtime_error("the server kept the test waiting for 30 s");
}

}  // namespace

SocketClient::SocketClient(uint16_t port, int receive_buffer)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0)
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
    throw std::runtime_error("cannot connect");
}

SocketClient::~SocketClient() {
  if (fd_ >= 0) ::close(fd_);
}

SocketClient::SocketClient(SocketClient&& other) noexcept
    : buffer_(std::move(other.buffer_)), fd_(std::exchange(other.fd_, -1)) {}

bool SocketClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
      continue;
    }
    if (errno != EAGAIN) return false;
    wait_for(fd_, POLLOUT);
  }
  return true;
}

bool SocketClient::fill() {
  char bytes[64 * 1024];
  wait_for(fd_, POLLIN);
  const ssize_t n = ::recv(fd_, bytes, sizeof(bytes), 0);
  if (n <= 0) return false;
  buffer_.append(bytes, static_cast<size_t>(n));
  return true;
}

std::string SocketClient::read_line() {
  size_t end = 0;
  for (size_t seen = 0; (end = buffer_.find('\n', seen)) == std::string::npos;) {
    seen = buffer_.size();
    if (!fill()) return std::exchange(buffer_, {});
  }
  std::string line = buffer_.substr(0, end + 1);
  buffer_.erase(0, end + 1);
  return line;
}

bool SocketClient::closed_by_server() {
  if (!buffer_.empty()) return false;
  char byte = 0;
  wait_for(fd_, POLLIN);
  return ::recv(fd_, &byte, 1, 0) <= 0;
}

std::string SocketClient::read_some() {
  if (buffer_.empty()) fill();
  return std::exchange(buffer_, {});
}

void SocketClient::shutdown_send() { ::shutdown(fd_, SHUT_WR); }

void SocketClient::reset() {
  const linger hard{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  ::close(std::exchange(fd_, -1));
}

}  // namespace rhumb::net
