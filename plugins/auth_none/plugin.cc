// The auth engine `none`: every caller may do everything.
#include <string_view>

#include "rhumb/cpp/decision_engine.h"

namespace rhumb::auth_none {
namespace {

class NoAuth {
 public:
  static constexpr const char* kId = "none";
  static constexpr const char* kVersion = "1.0.0";

  NoAuth(const rhumb_host_t*, const rhumb_open_t& open) {
    // A key in the configuration means that somebody expects it to protect something.
    const std::string_view config = view(open.config_json);
    if (!config.empty() && config != "{}")
      throw Error(RHUMB_INVALID, "config: this engine has no parameters and checks no keys");
    for (const rhumb_ext_t* ext = open.ext; ext != nullptr; ext = ext->next) {
      if (ext->required != 0) throw Error(RHUMB_UNSUPPORTED, "unknown required extension");
    }
  }
  void authenticate(const rhumb_call_t*, std::string_view, std::string_view,
                    rhumb_principal_t& out) const {
    out.flags = 0;
    out.subject = buffer("anonymous");
    out.expires_ns = 0;
  }
  void authorize(const rhumb_call_t*, const rhumb_principal_t&, uint32_t, std::string_view,
                 rhumb_decision_t& out) const {
    out.verdict = RHUMB_VERDICT_ALLOW;
  }
};

}  // namespace
}  // namespace rhumb::auth_none

RHUMB_PLUGIN("auth_none", "1.0.0", "Apache-2.0", &rhumb::auth_factory<rhumb::auth_none::NoAuth>)
