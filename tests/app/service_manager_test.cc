#include "host/app/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>

namespace rhumb::app {
namespace {

// The manager's end of NOTIFY_SOCKET.
class Manager {
 public:
  explicit Manager(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (path.front() == '@') address.sun_path[0] = '\0';
    const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    bound_ = ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), bytes) == 0;
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~Manager() {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(socket_);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  bool bound() const { return bound_; }
  std::string told() const {
    char bytes[256];
    const ssize_t n = ::recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT);
    return n < 0 ? "nothing" : std::string(bytes, static_cast<size_t>(n));
  }

 private:
  const int socket_;
  bool bound_ = false;
};

std::string name_of_this_process() { return "rhumb_manager_" + std::to_string(getpid()); }

TEST(ServiceManager, is_told_through_a_socket_in_a_directory) {
  const std::string path = testing::TempDir() + "/" + name_of_this_process();
  const Manager manager(path);
  ASSERT_TRUE(manager.bound());
  EXPECT_TRUE(notify_service_manager(kServiceReady).ok());
  EXPECT_EQ(manager.told(), "READY=1");
  ::unlink(path.c_str());
}

TEST(ServiceManager, is_told_through_an_abstract_socket) {
  const Manager manager("@" + name_of_this_process());
  ASSERT_TRUE(manager.bound());
  EXPECT_TRUE(notify_service_manager(service_reloading()).ok());
  EXPECT_TRUE(manager.told().starts_with("RELOADING=1\nMONOTONIC_USEC="));
}

TEST(ServiceManager, without_one_nothing_is_sent) {
  ::unsetenv("NOTIFY_SOCKET");
  EXPECT_TRUE(notify_service_manager(kServiceStopping).ok());
}

TEST(ServiceManager, the_error_names_a_socket_that_nobody_has) {
  ::setenv("NOTIFY_SOCKET", "/no/such/socket", 1);
  const base::Status status = notify_service_manager(kServiceReady);
  EXPECT_EQ(status.code(), base::Code::kIo);
  EXPECT_NE(status.message().find("/no/such/socket"), std::string::npos) << status.message();
  ::unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace rhumb::app
