#include "host/auth/authenticator.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "host/base/ascii.h"
#include "host/plugin/status.h"
#include "rhumb/cpp/guard.h"

namespace rhumb::auth {

using base::Code;
using base::Result;
using base::Status;

namespace {

constexpr std::string_view kBearer = "bearer";

struct Token {
  std::string_view scheme, token;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// RFC 9110: the scheme is case-insensitive, and one or more spaces follow it.
std::optional<Token> token_of(const Credentials& credentials) {
  if (!credentials.api_key.empty()) return Token{"api-key", credentials.api_key};
  const std::string_view header = trimmed(credentials.authorization);
  if (header.empty()) return Token{"none", {}};
  const size_t space = header.find(' ');
  const bool bearer = space != std::string_view::npos &&
                      base::equal_ignoring_case(header.substr(0, space), kBearer);
  if (!bearer) return std::nullopt;
  return Token{kBearer, trimmed(header.substr(space))};
}

// The bytes stay owned by the host: `release` is NULL.
rhumb_buffer_t borrowed(const std::string& bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size(), nullptr, nullptr};
}

// Takes over the buffer that a plugin filled.
std::string taken(rhumb_buffer_t& buffer) {
  std::string out(static_cast<const char*>(buffer.data), buffer.size);
  if (buffer.release != nullptr) buffer.release(&buffer);
  return out;
}

}  // namespace

std::string_view action_name(Action action) {
  switch (action) {
    case Action::kRead:
      return "read";
    case Action::kWrite:
      return "write";
    case Action::kManage:
      return "manage";
    case Action::kAdmin:
      return "admin";
  }
  return "unknown";
}

Result<Capabilities> capabilities(const plugin::PluginRegistry& registry, std::string_view engine) {
  RHUMB_ASSIGN(const auto found, registry.find<rhumb_auth_ops_t>(engine));
  return Capabilities{.checks_credentials = (found.ops->caps & RHUMB_CAP_AUTH_CHECKS) != 0,
                      .takes_keys = (found.ops->caps & RHUMB_CAP_AUTH_KEYS) != 0};
}

std::string config_json(const Capabilities& capabilities, const Keys& keys) {
  nlohmann::json config = nlohmann::json::object();
  const auto take = [&](const char* name, std::string_view key) {
    if (capabilities.takes_keys && !key.empty()) config[name] = key;
  };
  take("api_key", keys.api_key);
  take("read_only_api_key", keys.read_only_api_key);
  return config.dump();
}

Result<std::unique_ptr<Authenticator>> Authenticator::open(const plugin::PluginRegistry& registry,
                                                           std::string_view engine,
                                                           std::string_view config_json) {
  RHUMB_ASSIGN(const auto found, registry.find<rhumb_auth_ops_t>(engine));
  const rhumb_open_t params{sizeof params, 0, slice(config_json), {}, nullptr};
  rhumb_auth_t* self = nullptr;
  plugin::ErrorSlot error;
  RHUMB_TRY(error.status(found.ops->open(found.host, &params, &self, error.out()),
                         "auth " + std::string(engine)));
  return std::unique_ptr<Authenticator>(new Authenticator(found, self));
}

Authenticator::Authenticator(plugin::Engine<rhumb_auth_ops_t> engine, rhumb_auth_t* self)
    : engine_(engine), id_(engine.id), self_(self) {}

Authenticator::~Authenticator() { engine_.ops->close(self_); }

Result<Principal> Authenticator::authenticate(const Credentials& credentials,
                                              base::Deadline deadline) const {
  const auto token = token_of(credentials);
  if (!token) return Status(Code::kUnauthenticated, "Authorization: expected \"Bearer <token>\"");
  const plugin::CallContext call(deadline);
  plugin::ErrorSlot error;
  rhumb_principal_t raw{};
  raw.struct_size = sizeof raw;
  const rhumb_status_t rc = engine_.ops->authenticate(self_, call.raw(), slice(token->scheme),
                                                      slice(token->token), &raw, error.out());
  Principal who;
  who.subject = taken(raw.subject);
  who.claims_json = taken(raw.claims_json);
  who.expires_ns = raw.expires_ns;
  who.read_only = (raw.flags & RHUMB_PRINCIPAL_READ_ONLY) != 0;
  if (rc == RHUMB_DENIED) return Status(Code::kUnauthenticated, error.status(rc, "auth").message());
  RHUMB_TRY(error.status(rc, "auth " + id_ + ": authenticate"));
  if (who.expires_ns != 0 && base::wall_ns() >= who.expires_ns)
    return Status(Code::kUnauthenticated, "the credentials have expired");
  return who;
}

Result<Decision> Authenticator::authorize(const Principal& who, Action action,
                                          std::string_view resource,
                                          base::Deadline deadline) const {
  const plugin::CallContext call(deadline);
  plugin::ErrorSlot error;
  rhumb_principal_t principal{};
  principal.struct_size = sizeof principal;
  principal.flags = who.read_only ? RHUMB_PRINCIPAL_READ_ONLY : 0;
  principal.subject = borrowed(who.subject);
  principal.claims_json = borrowed(who.claims_json);
  principal.expires_ns = who.expires_ns;
  rhumb_decision_t raw{};
  raw.struct_size = sizeof raw;
  const rhumb_status_t rc =
      engine_.ops->authorize(self_, call.raw(), &principal, static_cast<uint32_t>(action),
                             slice(resource), &raw, error.out());
  Decision decision;
  decision.mandatory_filter_json = taken(raw.mandatory_filter_json);
  decision.quota_class = taken(raw.quota_class);
  if (rc == RHUMB_DENIED) return Decision{};
  RHUMB_TRY(error.status(rc, "auth " + id_ + ": authorize"));
  decision.allowed = raw.verdict == RHUMB_VERDICT_ALLOW;
  return decision;
}

Result<Decision> Authenticator::check(const Credentials& credentials, Action action,
                                      std::string_view resource, base::Deadline deadline) const {
  RHUMB_ASSIGN(const Principal who, authenticate(credentials, deadline));
  RHUMB_ASSIGN(Decision decision, authorize(who, action, resource, deadline));
  if (!decision.allowed) {
    const std::string on = resource.empty() ? "" : " on " + std::string(resource);
    return Status(Code::kForbidden,
                  who.subject + " may not " + std::string(action_name(action)) + on);
  }
  return decision;
}

}  // namespace rhumb::auth
