// Two auth engines as others could write them: `badge` checks credentials and takes no keys, and
// `lobby` lets everybody in.
#include <string_view>

#include "rhumb/cpp/decision_engine.h"

namespace rhumb::test_auth {
namespace {

template <bool kChecks>
class Door {
 public:
  static constexpr const char* kId = kChecks ? "badge" : "lobby";
  static constexpr const char* kVersion = "1.0.0";
  static constexpr uint32_t kCaps = kChecks ? RHUMB_CAP_AUTH_CHECKS : 0;

  Door(const rhumb_host_t*, const rhumb_open_t& open) {
    if (view(open.config_json) != "{}") throw Error(RHUMB_INVALID, "config: expected {}");
  }
  void authenticate(const rhumb_call_t*, std::string_view, std::string_view token,
                    rhumb_principal_t& out) const {
    if (kChecks && token != "badge") throw Error(RHUMB_DENIED, "a badge is needed");
    out.subject = buffer("visitor");
  }
  void authorize(const rhumb_call_t*, const rhumb_principal_t&, uint32_t, std::string_view,
                 rhumb_decision_t& out) const {
    out.verdict = RHUMB_VERDICT_ALLOW;
  }
};

}  // namespace
}  // namespace rhumb::test_auth

RHUMB_PLUGIN("test_auth", "1.0.0", "Apache-2.0", &rhumb::auth_factory<rhumb::test_auth::Door<true>>,
             &rhumb::auth_factory<rhumb::test_auth::Door<false>>)
