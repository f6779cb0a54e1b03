#include "host/app/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace rhumb::app {

// The manager waits for a READY=1 that is younger than this time.
std::string service_reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t us = int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
  return "RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us);
}

std::optional<std::chrono::microseconds> watchdog_period() {
  const auto number = [](const char* variable) -> uint64_t {
    const char* const text = std::getenv(variable);
    return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
  };
  const uint64_t us = number("WATCHDOG_USEC"), pid = number("WATCHDOG_PID");
  if (us == 0 || us > static_cast<uint64_t>(std::chrono::microseconds::max().count()) ||
      (pid != 0 && pid != static_cast<uint64_t>(::getpid())))
    return std::nullopt;
  return std::chrono::microseconds(us);
}

base::Status notify_service_manager(const std::string& state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || *path == '\0') return base::ok();
  sockaddr_un address{};
  const size_t length = std::strlen(path);
  if (length >= sizeof address.sun_path)
    return base::invalid(std::string("NOTIFY_SOCKET is too long: ") + path);
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, length);
  if (*path == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return {base::Code::kIo, std::string("socket: ") + std::strerror(errno)};
  const ssize_t sent = ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), bytes);
  const int error = errno;
  ::close(socket);
  if (sent >= 0) return base::ok();
  return {base::Code::kIo, std::string("NOTIFY_SOCKET ") + path + ": " + std::strerror(error)};
}

}  // namespace rhumb::app
