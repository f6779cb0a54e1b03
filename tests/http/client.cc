#include "tests/http/client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "host/http/gzip.h"

namespace rhumb::http {
namespace {

constexpr int kPatienceMs = 30'000;

void wait_for(int fd, short events) {
  pollfd p{fd, events, 0};
  if (::poll(&p, 1, kPatienceMs) <= 0)
    throw std::runtime_error("the server kept the test waiting for 30 s");
}

}  // namespace

Client::Client(uint16_t port, int receive_buffer)
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

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
}

Client::Client(Client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}

bool Client::send(std::string_view bytes) {
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

bool Client::fill() {
  char bytes[64 * 1024];
  wait_for(fd_, POLLIN);
  const ssize_t n = ::recv(fd_, bytes, sizeof(bytes), 0);
  if (n <= 0) return false;
  buffer_.append(bytes, static_cast<size_t>(n));
  return true;
}

Answer Client::read(bool head_only) {
  Answer answer;
  size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return answer;
  }
  const std::string head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  answer.status = std::stoi(head.substr(9, 3));
  for (size_t at = head.find("\r\n") + 2; at < head.size();) {
    const size_t stop = head.find("\r\n", at);
    const size_t colon = head.find(": ", at);
    std::string name = head.substr(at, colon - at);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::string& value = answer.fields[name];
    value += (value.empty() ? "" : ", ") + head.substr(colon + 2, stop - colon - 2);
    at = stop + 2;
  }
  answer.whole = true;
  if (head_only || answer.status < 200 || answer.status == 204) return answer;
  if (answer.fields.contains("transfer-encoding") &&
      answer.fields["transfer-encoding"] == "chunked") {
    answer.whole = read_chunked(answer);
  } else if (answer.fields.contains("content-length")) {
    const size_t length = std::stoul(answer.fields["content-length"]);
    while (buffer_.size() < length && (answer.whole = fill())) {}
    answer.body = buffer_.substr(0, length);
    buffer_.erase(0, answer.body.size());
    // The memory tests measure the server's buffers.
    if (buffer_.empty()) std::string().swap(buffer_);
  } else {
    while (fill()) {}
    answer.body = std::exchange(buffer_, {});
  }
  return answer;
}

bool Client::read_chunked(Answer& answer) {
  while (true) {
    size_t eol = 0;
    while ((eol = buffer_.find("\r\n")) == std::string::npos) {
      if (!fill()) return false;
    }
    const size_t length = std::stoul(buffer_.substr(0, eol), nullptr, 16);
    while (buffer_.size() < eol + 2 + length + 2) {
      if (!fill()) return false;
    }
    answer.body += buffer_.substr(eol + 2, length);
    buffer_.erase(0, eol + 2 + length + 2);
    if (length == 0) return true;
  }
}

Answer Client::get(std::string_view path, std::string_view more_fields) {
  std::string request = "GET ";
  request.append(path).append(" HTTP/1.1\r\nHost: test\r\n").append(more_fields).append("\r\n");
  return send(request) ? read() : Answer{};
}

Answer Client::post(std::string_view path, std::string_view body, std::string_view more_fields) {
  std::string request = "POST ";
  request.append(path)
      .append(" HTTP/1.1\r\nHost: test\r\nContent-Length: ")
      .append(std::to_string(body.size()))
      .append("\r\n");
  request.append(more_fields).append("\r\n").append(body);
  return send(request) ? read() : Answer{};
}

bool Client::closed_by_server() {
  if (!buffer_.empty()) return false;
  char byte = 0;
  wait_for(fd_, POLLIN);
  return ::recv(fd_, &byte, 1, 0) <= 0;
}

std::string Client::read_some() {
  if (buffer_.empty()) fill();
  return std::exchange(buffer_, {});
}

void Client::shutdown_send() { ::shutdown(fd_, SHUT_WR); }

void Client::reset() {
  const linger hard{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  ::close(std::exchange(fd_, -1));
}

std::string gunzip(std::string_view packed) {
  Gunzip unpacker;
  std::string out;
  while (!unpacker.finished()) {
    const auto taken = unpacker.step(packed, out, 1 << 20);
    if (!taken.ok() || (*taken == 0 && !unpacker.pending() && packed.empty()))
      throw std::runtime_error("bad gzip");
    packed.remove_prefix(*taken);
  }
  return out;
}

}  // namespace rhumb::http
