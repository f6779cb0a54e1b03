// Versions: Rhumb's own, and that of the wire protocol which clients compare (rest-api: major
// equal, minor at most one apart).
#pragma once

namespace rhumb::base {

inline constexpr const char* kRhumbVersion = "0.1.0";
inline constexpr const char* kProtocolVersion = "1.19.0";

}  // namespace rhumb::base
