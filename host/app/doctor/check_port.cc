// The address that the server listens on.
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "host/app/doctor/check.h"

namespace rhumb::app::doctor {
namespace {

constexpr time_t kAnswerSeconds = 2;

class Socket {
 public:
  explicit Socket(const addrinfo& to)
      : fd_(::socket(to.ai_family, to.ai_socktype | SOCK_CLOEXEC, to.ai_protocol)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

// Returns 0 if the address is free.
int bind_error(const addrinfo& to) {
  const Socket socket(to);
  const int on = 1;
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(socket.fd(), to.ai_addr, to.ai_addrlen) != 0) return errno;
  return ::listen(socket.fd(), 1) != 0 ? errno : 0;  // two may bind, and only one listens
}

bool answers_as_rhumb(const addrinfo& to) {
  const Socket socket(to);
  const timeval wait{kAnswerSeconds, 0};
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
  if (::connect(socket.fd(), to.ai_addr, to.ai_addrlen) != 0) return false;
  const std::string request = "GET / HTTP/1.1\r\nHost: doctor\r\nConnection: close\r\n\r\n";
  if (::send(socket.fd(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return false;
  std::string answer;
  char part[1024];
  for (ssize_t n = 1; n > 0 && answer.size() < 16 * sizeof(part);) {
    n = ::recv(socket.fd(), part, sizeof(part), 0);
    if (n > 0) answer.append(part, static_cast<size_t>(n));
  }
  return answer.find("rhumb_version") != std::string::npos;
}

void check_taken(const Subject& subject, const addrinfo& to, const std::string& address,
                 Findings& findings) {
  const std::string other = "Stop the other program (ss -ltnp shows it), or set http.port";
  if (!answers_as_rhumb(to))
    findings.fail("port", address + " is taken by a program that is not rhumbd", other);
  else if (subject.server == 0)
    findings.fail("port", address + " is taken by a rhumbd with another data directory", other);
  else
    findings.ok("port", address + " is served by rhumbd");
}

}  // namespace

void check_port(const Subject& subject, Findings& findings) {
  const auto& http = subject.settings.http;
  const std::string port = std::to_string(http.port), address = http.host + ":" + port;
  if (http.port == 0) return findings.ok("port", "http.port is 0: a start takes a free one");
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  if (const int error = ::getaddrinfo(http.host.c_str(), port.c_str(), &hints, &found); error != 0)
    return findings.fail("port", "http.host " + http.host + ": " + ::gai_strerror(error),
                         "Set http.host to an address of this machine");
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  switch (const int error = bind_error(*found); error) {
    case 0:
      return findings.ok("port", address + " is free");
    case EADDRINUSE:
      return check_taken(subject, *found, address, findings);
    case EADDRNOTAVAIL:
      return findings.fail("port", http.host + " is not an address of this machine",
                           "Set http.host to an address that `ip addr` shows, or 0.0.0.0");
    default:
      return findings.fail("port", address + ": " + std::strerror(error),
                           "Set http.port to a port that " + user_name(subject.user) +
                               " may listen on (1024 or above)");
  }
}

}  // namespace rhumb::app::doctor
