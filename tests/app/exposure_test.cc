#include <gtest/gtest.h>

#include "host/app/server.h"

namespace rhumb::app {
namespace {

base::Status check(const std::string& host, const std::string& auth, bool insecure) {
  settings::Settings s;
  s.http.host = host;
  s.auth.plugin = auth;
  s.auth.api_key = "k";
  return check_exposure(s, insecure);
}

TEST(Exposure, listening_beyond_loopback_needs_authentication_or_the_insecure_flag) {
  for (const char* loopback : {"127.0.0.1", "127.8.9.10", "::1", "localhost"})
    EXPECT_TRUE(check(loopback, "none", false).ok()) << loopback;
  for (const char* open : {"0.0.0.0", "::", "192.168.1.5", "10.0.0.1", "2001:db8::1", "example.org",
                           "", "127.0.0.1.example.org", "128.0.0.1", "localhost.example.org"}) {
    EXPECT_FALSE(check(open, "none", false).ok()) << open;
    EXPECT_TRUE(check(open, "static", false).ok()) << open;
    EXPECT_TRUE(check(open, "none", true).ok()) << open;
  }
}

}  // namespace
}  // namespace rhumb::app
