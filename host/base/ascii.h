// Text of protocols, in which upper and lower case of ASCII letters mean the same.
#pragma once

#include <strings.h>

#include <string_view>

namespace rhumb::base {

inline bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace rhumb::base
