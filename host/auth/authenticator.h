// Who asks, and whether he may: the configured auth engine behind plain types.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "host/base/clock.h"
#include "host/base/status.h"
#include "host/plugin/registry.h"

namespace rhumb::auth {

// What a request wants to do; each route names one.
enum class Action : uint32_t {
  kRead = RHUMB_ACTION_READ,
  kWrite = RHUMB_ACTION_WRITE,
  kManage = RHUMB_ACTION_MANAGE,
  kAdmin = RHUMB_ACTION_ADMIN
};
std::string_view action_name(Action action);  // "read"

// The values of a request's headers `api-key` and `Authorization`; empty = absent. The first wins
// when both are there.
struct Credentials {
  std::string_view api_key, authorization;
};

struct Principal {
  std::string subject;      // for logs, never a secret
  std::string claims_json;  // empty, or what the engine wants back in authorize()
  uint64_t expires_ns = 0;  // wall clock; 0 = never
  bool read_only = false;
};

struct Decision {
  bool allowed = false;
  std::string mandatory_filter_json;  // ANDed to every read and write; empty = none
  std::string quota_class;
};

// Owns one instance of an auth plugin. All members from any thread. Keeps nothing of a request; a
// plugin that fails denies.
class Authenticator {
 public:
  // engine: the plugin's id ("none", "static"). config_json may hold secrets: it is not kept, and
  // does not show in errors of ours.
  static base::Result<std::unique_ptr<Authenticator>> open(const plugin::PluginRegistry& registry,
                                                           std::string_view engine,
                                                           std::string_view config_json);
  ~Authenticator();
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  const std::string& id() const { return id_; }
  // kUnauthenticated: no credentials, unknown or expired ones, or an Authorization header that is
  // not `Bearer <token>`.
  base::Result<Principal> authenticate(const Credentials& credentials,
                                       base::Deadline deadline = {}) const;
  // resource: the collection's name; empty = the whole server.
  base::Result<Decision> authorize(const Principal& who, Action action, std::string_view resource,
                                   base::Deadline deadline = {}) const;
  // Both: kUnauthenticated or kForbidden unless allowed.
  base::Result<Decision> check(const Credentials& credentials, Action action,
                               std::string_view resource, base::Deadline deadline = {}) const;

 private:
  Authenticator(plugin::Engine<rhumb_auth_ops_t> engine, rhumb_auth_t* self);

  const plugin::Engine<rhumb_auth_ops_t> engine_;
  const std::string id_;
  rhumb_auth_t* const self_;
};

}  // namespace rhumb::auth
