// The host's side of authentication, tested through the two auth engines of this repository.
#include "host/auth/authenticator.h"
#include "tests/places.h"

#include <gtest/gtest.h>

namespace rhumb::auth {
namespace {

using base::Code;

constexpr std::string_view kKeys = R"({"api_key":"full-key","read_only_api_key":"reading"})";
constexpr Action kActions[] = {Action::kRead, Action::kWrite, Action::kManage, Action::kAdmin};

class AuthHost : public ::testing::Test {
 protected:
  AuthHost() : executor_("plugins", 1, 16), registry_(executor_) {
    for (const char* name : {"auth_static", "auth_none"}) {
      const base::Status loaded = registry_.load_file(places::plugin(name));
      EXPECT_TRUE(loaded.ok()) << loaded.message();
    }
  }
  std::unique_ptr<Authenticator> open(std::string_view engine, std::string_view config) {
    auto opened = Authenticator::open(registry_, engine, config);
    EXPECT_TRUE(opened.ok()) << opened.status().message();
    return std::move(*opened);
  }
  Code code(const Authenticator& auth, const Credentials& credentials,
            Action action = Action::kRead) {
    const auto checked = auth.check(credentials, action, "things");
    return checked.ok() ? Code::kOk : checked.status().code();
  }
  base::Executor executor_;
  plugin::PluginRegistry registry_;
};

TEST_F(AuthHost, the_full_key_may_do_everything_and_the_read_only_key_may_read) {
  const auto auth = open("static", kKeys);
  EXPECT_EQ(auth->id(), "static");
  for (const Action action : kActions) {
    EXPECT_EQ(code(*auth, {.api_key = "full-key"}, action), Code::kOk) << action_name(action);
    EXPECT_EQ(code(*auth, {.api_key = "reading"}, action),
              action == Action::kRead ? Code::kOk : Code::kForbidden)
        << action_name(action);
    EXPECT_EQ(code(*auth, {}, action), Code::kUnauthenticated) << action_name(action);
    EXPECT_EQ(code(*auth, {.api_key = "wrong"}, action), Code::kUnauthenticated)
        << action_name(action);
  }
  const auto refused = auth->check({.api_key = "reading"}, Action::kWrite, "things");
  EXPECT_EQ(refused.status().message(), "read_only_api_key may not write on things");
}

TEST_F(AuthHost, the_key_is_read_from_the_headers) {
  const auto auth = open("static", kKeys);
  for (const char* header :
       {"Bearer full-key", "bearer full-key", "BEARER   full-key  ", " Bearer full-key"}) {
    EXPECT_EQ(code(*auth, {.authorization = header}), Code::kOk) << header;
  }
  for (const char* header : {"Bearer", "Bearer ", "full-key", "Basic full-key", "Bearerfull-key",
                             "Bearer full-key x", "Token full-key"}) {
    EXPECT_EQ(code(*auth, {.authorization = header}), Code::kUnauthenticated) << header;
  }
  EXPECT_EQ(code(*auth, {.api_key = "wrong", .authorization = "Bearer full-key"}),
            Code::kUnauthenticated)
      << "api-key goes first";
  EXPECT_EQ(code(*auth, {.api_key = "full-key", .authorization = "Basic xyz"}), Code::kOk);
}

TEST_F(AuthHost, keys_are_compared_in_full_length) {
  const auto auth = open("static", kKeys);
  for (const std::string_view token :
       {std::string_view("full-ke"), std::string_view("full-key "),
        std::string_view("full-keyfull-key"), std::string_view("Full-key"),
        std::string_view("full-key\0", 9), std::string_view("readin")}) {
    EXPECT_EQ(code(*auth, {.api_key = token}), Code::kUnauthenticated) << token;
  }
}

TEST_F(AuthHost, a_principal_names_the_caller_and_not_the_key) {
  const auto auth = open("static", kKeys);
  const auto full = auth->authenticate({.api_key = "full-key"});
  ASSERT_TRUE(full.ok());
  EXPECT_EQ(full->subject, "api_key");
  EXPECT_FALSE(full->read_only);
  const auto reader = auth->authenticate({.authorization = "Bearer reading"});
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(reader->subject, "read_only_api_key");
  EXPECT_TRUE(reader->read_only);
  // A principal that this engine did not make may do nothing.
  EXPECT_FALSE(auth->authorize({.subject = "somebody"}, Action::kRead, "")->allowed);
  EXPECT_FALSE(
      auth->authorize({.subject = "api_key", .read_only = true}, Action::kWrite, "")->allowed);
  EXPECT_FALSE(auth->authorize(*full, static_cast<Action>(99), "")->allowed);
  EXPECT_FALSE(auth->authorize(*full, static_cast<Action>(0), "")->allowed);
}

TEST_F(AuthHost, without_a_read_only_key_in_the_configuration_none_is_accepted) {
  const auto auth = open("static", R"({"api_key":"k"})");
  EXPECT_EQ(code(*auth, {.api_key = "k"}, Action::kAdmin), Code::kOk);
  EXPECT_EQ(code(*auth, {.api_key = "reading"}), Code::kUnauthenticated);
}

TEST_F(AuthHost, configurations_are_checked) {
  for (const std::string_view config :
       {"", "{}", "[]", "{", R"({"read_only_api_key":"r"})", R"({"api_key":""})",
        R"({"api_key":7})", R"({"api_key":"same-secret","read_only_api_key":"same-secret"})",
        R"({"api_key":"k","keys":[]})"}) {
    const auto opened = Authenticator::open(registry_, "static", config);
    ASSERT_FALSE(opened.ok()) << config;
    EXPECT_EQ(opened.status().code(), Code::kInvalid) << config;
    EXPECT_EQ(opened.status().message().find("same-secret"), std::string::npos)
        << "a key in an error";
  }
  EXPECT_FALSE(
      Authenticator::open(registry_, "static", "{\"api_key\":\"" + std::string(4097, 'k') + "\"}")
          .ok());
  EXPECT_FALSE(Authenticator::open(registry_, "none", kKeys).ok())
      << "keys in the configuration that this engine would not check";
  EXPECT_EQ(Authenticator::open(registry_, "ldap", "").status().code(), Code::kNotFound);
}

TEST_F(AuthHost, capabilities_say_what_an_engine_checks_and_takes) {
  const auto of = [&](std::string_view engine) { return capabilities(registry_, engine).value(); };
  EXPECT_TRUE(of("static").checks_credentials && of("static").takes_keys);
  EXPECT_FALSE(of("none").checks_credentials || of("none").takes_keys);
  EXPECT_EQ(capabilities(registry_, "ldap").status().code(), Code::kNotFound);
}

TEST_F(AuthHost, an_engine_gets_the_keys_that_are_set_if_it_takes_keys) {
  const Capabilities taker{.checks_credentials = true, .takes_keys = true};
  EXPECT_EQ(config_json(taker, {"k", "r"}), R"({"api_key":"k","read_only_api_key":"r"})");
  EXPECT_EQ(config_json(taker, {"k", ""}), R"({"api_key":"k"})");
  EXPECT_EQ(config_json({.checks_credentials = true}, {"k", "r"}), "{}");
  for (const Keys& keys : {Keys{"full-key", ""}, Keys{"full-key", "reading"}}) {
    const auto auth = open("static", config_json(capabilities(registry_, "static").value(), keys));
    EXPECT_EQ(code(*auth, {.api_key = "full-key"}, Action::kAdmin), Code::kOk);
  }
}

TEST_F(AuthHost, the_engine_none_lets_every_caller_do_everything) {
  const auto auth = open("none", "");
  for (const Action action : kActions) {
    EXPECT_EQ(code(*auth, {}, action), Code::kOk);
    EXPECT_EQ(code(*auth, {.api_key = "anything"}, action), Code::kOk);
  }
  EXPECT_EQ(auth->authenticate({})->subject, "anonymous");
}

}  // namespace
}  // namespace rhumb::auth
