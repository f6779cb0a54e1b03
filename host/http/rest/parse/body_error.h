// Errors of a body that name their place in it. Every parser of bodies uses them.
#pragma once

#include <string>
#include <string_view>

#include "host/base/status.h"

namespace rhumb::http::rest {

// The place of a value in the body, for example "points[3].vector".
std::string at(const std::string& parent, std::string_view member);
std::string at(const std::string& parent, size_t index);

// 400: the value has the wrong form.
base::Status format_error(const std::string& where, std::string_view what);
// 422: the value is beyond its limit.
base::Status out_of_range(const std::string& where, std::string_view what);

// The gateway's error in the protocol's form: texts of 422 stand in brackets.
base::Status in_brackets(base::Status status);

}  // namespace rhumb::http::rest
