// Rhumb's own version, and the version of the wire protocol. Clients compare the latter: the major
// version must be equal, the minor one at most one apart.
#pragma once

namespace rhumb::base {

inline constexpr const char* kRhumbVersion = "0.1.0";
inline constexpr const char* kProtocolVersion = "1.19.0";

}  // namespace rhumb::base
