// Times as text, in UTC.
#pragma once

#include <cstdint>
#include <string>

namespace rhumb::base {

// RFC 3339, for example "2026-05-01T08:30:00Z". `seconds` are since 1970.
std::string utc_text(int64_t seconds);

}  // namespace rhumb::base
