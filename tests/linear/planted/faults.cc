// Faults that acknowledged writes once had, one at a time. RHUMB_PLANTED=skip makes the leader
// decide conditions, and makes apply skip points that changed since. RHUMB_PLANTED=identity makes
// the command that a leader resolved a part of the request's identity.
#include <cstdlib>
#include <string_view>

#include "host/base/planted.h"

namespace rhumb::base {

bool planted(Bug bug) {
  static const char* const named = std::getenv("RHUMB_PLANTED");
  const std::string_view name = named == nullptr ? "" : named;
  return (bug == Bug::kSkipsWhatMoved && name == "skip") ||
         (bug == Bug::kIdentityOfContent && name == "identity");
}

}  // namespace rhumb::base
