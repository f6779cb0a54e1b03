// The auth engine `static`: one key that may do everything, and an optional second key that may
// only read. Both come from the configuration.
#include <string.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "rhumb/cpp/decision_engine.h"

namespace rhumb::auth_static {
namespace {

constexpr size_t kMaxKeyBytes = 4096;
constexpr const char* kFullKey = "api_key";
constexpr const char* kReadOnlyKey = "read_only_api_key";

// A key from the configuration. It is never shown, and its memory is wiped when it is destroyed.
class Secret {
 public:
  Secret() = default;
  ~Secret() { explicit_bzero(bytes_.data(), bytes_.size()); }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  void set(const std::string& bytes) { bytes_ = bytes; }
  bool empty() const { return bytes_.empty(); }
  // The time depends only on the token's length, not on how many of its bytes are right.
  bool equals(std::string_view token) const {
    if (bytes_.empty()) return false;
    volatile size_t different = token.size() ^ bytes_.size();
    for (size_t i = 0; i < token.size(); ++i) {
      different = different | static_cast<size_t>(
                                  static_cast<unsigned char>(token[i] ^ bytes_[i % bytes_.size()]));
    }
    return different == 0;
  }

 private:
  std::string bytes_;
};

class StaticAuth {
 public:
  static constexpr const char* kId = "static";
  static constexpr const char* kVersion = "0.1.0";
  static constexpr uint32_t kCaps = RHUMB_CAP_AUTH_CHECKS | RHUMB_CAP_AUTH_KEYS;

  StaticAuth(const rhumb_host_t*, const rhumb_open_t& open) {
    for (const rhumb_ext_t* ext = open.ext; ext != nullptr; ext = ext->next) {
      if (ext->required != 0) throw Error(RHUMB_UNSUPPORTED, "unknown required extension");
    }
    const auto config =
        nlohmann::json::parse(view(open.config_json), nullptr, /*allow_exceptions=*/false);
    if (!config.is_object())
      throw Error(RHUMB_INVALID, "config: expected a JSON object with api_key");
    for (const auto& [name, value] : config.items()) {
      if (name != kFullKey && name != kReadOnlyKey)
        throw Error(RHUMB_INVALID, "config: unknown parameter " + name);
      if (!value.is_string() || value.get_ref<const std::string&>().empty() ||
          value.get_ref<const std::string&>().size() > kMaxKeyBytes) {
        throw Error(RHUMB_INVALID,
                    name + ": expected a text of 1 to " + std::to_string(kMaxKeyBytes) + " bytes");
      }
      (name == kFullKey ? full_ : read_only_).set(value.get_ref<const std::string&>());
    }
    if (full_.empty()) throw Error(RHUMB_INVALID, "api_key: missing");
    if (!read_only_.empty() && config[kFullKey] == config[kReadOnlyKey]) {
      throw Error(RHUMB_INVALID, "read_only_api_key: expected another key than api_key");
    }
  }

  void authenticate(const rhumb_call_t*, std::string_view scheme, std::string_view token,
                    rhumb_principal_t& out) const {
    const bool key_given = scheme == "api-key" || scheme == "bearer";
    if (!key_given || token.empty()) throw Error(RHUMB_DENIED, "an API key is needed");
    const bool full = full_.equals(token), read_only = read_only_.equals(token);
    if (!full && !read_only) throw Error(RHUMB_DENIED, "the API key is not known");
    out.flags = full ? 0 : RHUMB_PRINCIPAL_READ_ONLY;
    out.subject = buffer(full ? kFullKey : kReadOnlyKey);
    out.expires_ns = 0;
  }

  void authorize(const rhumb_call_t*, const rhumb_principal_t& who, uint32_t action,
                 std::string_view, rhumb_decision_t& out) const {
    const std::string_view subject(static_cast<const char*>(who.subject.data), who.subject.size);
    const bool full = subject == kFullKey && (who.flags & RHUMB_PRINCIPAL_READ_ONLY) == 0;
    const bool known_action = action >= RHUMB_ACTION_READ && action <= RHUMB_ACTION_ADMIN;
    const bool reads = subject == kReadOnlyKey && action == RHUMB_ACTION_READ;
    out.verdict = (full && known_action) || reads ? RHUMB_VERDICT_ALLOW : RHUMB_VERDICT_DENY;
  }

 private:
  Secret full_, read_only_;
};

}  // namespace
}  // namespace rhumb::auth_static

RHUMB_PLUGIN("auth_static", "0.1.0", "Apache-2.0",
             &rhumb::auth_factory<rhumb::auth_static::StaticAuth>)
