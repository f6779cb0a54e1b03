#include <gtest/gtest.h>

#include "host/app/server.h"
#include "host/base/file.h"
#include "tests/places.h"

namespace rhumb::app {
namespace {

class Exposure : public ::testing::Test {
 protected:
  Exposure() : executor_("plugins", 1, 16), registry_(executor_) {}
  void load(const std::string& file) {
    const base::Status loaded = registry_.load_file(file);
    EXPECT_TRUE(loaded.ok()) << loaded.message();
  }
  void load_ours() {
    for (const char* name : {"auth_none", "auth_static"}) load(places::plugin(name));
  }
  base::Status check(const std::string& host, const std::string& auth) {
    settings::Settings s;
    s.http.host = host;
    s.auth.plugin = auth;
    s.auth.api_key = "k";
    return check_exposure(s, registry_);
  }
  base::Executor executor_;
  plugin::PluginRegistry registry_;
};

TEST_F(Exposure, listening_beyond_loopback_needs_authentication) {
  load_ours();
  for (const char* loopback : {"127.0.0.1", "127.8.9.10", "::1", "localhost"})
    EXPECT_TRUE(check(loopback, "none").ok()) << loopback;
  for (const char* open : {"0.0.0.0", "::", "192.168.1.5", "10.0.0.1", "2001:db8::1", "example.org",
                           "", "127.0.0.1.example.org", "128.0.0.1", "localhost.example.org"}) {
    EXPECT_FALSE(check(open, "none").ok()) << open;
    EXPECT_TRUE(check(open, "static").ok()) << open;
  }
}

TEST_F(Exposure, an_engine_of_a_stranger_counts_by_its_capability) {
  load_ours();
  load(places::build() + "/test_plugins/test_auth_engines.so");
  EXPECT_TRUE(check("0.0.0.0", "badge").ok()) << "it checks credentials";
  EXPECT_TRUE(check("127.0.0.1", "lobby").ok());
  const base::Status refused = check("0.0.0.0", "lobby");
  EXPECT_EQ(refused.code(), base::Code::kInvalid);
  EXPECT_NE(refused.message().find("(badge, static), or use --insecure"), std::string::npos)
      << refused.message();
}

TEST_F(Exposure, an_engine_that_is_not_loaded_is_refused) {
  EXPECT_EQ(check("0.0.0.0", "static").code(), base::Code::kNotFound);
}

TEST_F(Exposure, the_insecure_flag_needs_no_engine) {
  settings::Settings s;
  s.http.host = "0.0.0.0";
  s.plugins.directory = "/nowhere";
  EXPECT_TRUE(Server(s).check_exposure(true).ok());
  EXPECT_FALSE(Server(s).check_exposure(false).ok());
  s.plugins.directory = places::plugins();
  s.node.data_dir = testing::TempDir() + "/exposure_test_data";
  EXPECT_FALSE(Server(s).check_exposure(false).ok());
  s.auth.plugin = "static";
  EXPECT_TRUE(Server(s).check_exposure(false).ok());
  EXPECT_FALSE(base::exists(s.node.data_dir)) << "no data directory is made for a check";
}

}  // namespace
}  // namespace rhumb::app
