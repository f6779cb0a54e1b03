// Decides who sends a request and whether that principal may do it: the configured auth engine
// behind plain types.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "host/base/clock.h"
#include "host/base/status.h"
#include "host/plugin/registry.h"

namespace rhumb::auth {

// The action of a request; each route names one.
enum class Action : uint32_t {
  kRead = RHUMB_ACTION_READ,
  kWrite = RHUMB_ACTION_WRITE,
  kManage = RHUMB_ACTION_MANAGE,
  kAdmin = RHUMB_ACTION_ADMIN
};
std::string_view action_name(Action action);  // "read"

// The values of a request's headers `api-key` and `Authorization`. An absent header is empty.
// `api-key` takes precedence.
struct Credentials {
  std::string_view api_key, authorization;
};

struct Principal {
  std::string subject;  // for logs, never a secret
  // Returned to the engine in authorize(). May be empty.
  std::string claims_json;
  uint64_t expires_ns = 0;  // wall clock; 0: never
  bool read_only = false;
};

struct Decision {
  bool allowed = false;
  std::string mandatory_filter_json;  // ANDed to every read and write; empty: no filter
  std::string quota_class;
};

// What an engine says of itself before it is opened (rhumb/auth.h).
struct Capabilities {
  bool checks_credentials = false;
  bool takes_keys = false;
};
// kNotFound names the engines that exist.
base::Result<Capabilities> capabilities(const plugin::PluginRegistry& registry,
                                        std::string_view engine);

// The keys of the settings. An empty key is not set.
struct Keys {
  std::string_view api_key, read_only_api_key;
};
// The configuration for an engine: the keys that are set, if it takes keys, else {}.
std::string config_json(const Capabilities& capabilities, const Keys& keys);

// Owns one instance of an auth plugin. Any thread may call all members. Keeps no data of a request.
// If the plugin fails, access is denied.
class Authenticator {
 public:
  // `engine` is the id of an auth engine. `config_json` may hold secrets: it is not kept and does
  // not appear in errors of the host.
  static base::Result<std::unique_ptr<Authenticator>> open(const plugin::PluginRegistry& registry,
                                                           std::string_view engine,
                                                           std::string_view config_json);
  ~Authenticator();
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  const std::string& id() const { return id_; }
  // Returns kUnauthenticated for missing, unknown or expired credentials, and for an Authorization
  // header that is not `Bearer <token>`.
  base::Result<Principal> authenticate(const Credentials& credentials,
                                       base::Deadline deadline = {}) const;
  // `resource` is the collection's name. It is empty for the whole server.
  base::Result<Decision> authorize(const Principal& who, Action action, std::string_view resource,
                                   base::Deadline deadline = {}) const;
  // Calls authenticate() and authorize(). Returns kUnauthenticated or kForbidden unless the action
  // is allowed.
  base::Result<Decision> check(const Credentials& credentials, Action action,
                               std::string_view resource, base::Deadline deadline = {}) const;

 private:
  Authenticator(plugin::Engine<rhumb_auth_ops_t> engine, rhumb_auth_t* self);

  const plugin::Engine<rhumb_auth_ops_t> engine_;
  const std::string id_;
  rhumb_auth_t* const self_;
};

}  // namespace rhumb::auth
