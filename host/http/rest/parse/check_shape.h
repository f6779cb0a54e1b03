// Checks that a body has only members that the table of shapes lists. Only parse_*.cc and the
// parsers of collection bodies include it.
#pragma once

#include "host/http/rest/parse/ignored_members.h"
#include "host/http/rest/parse/json_dom.h"
#include "host/http/rest/parse/shapes.h"

namespace rhumb::http::rest {

// Checks an object and everything in it that the shape describes. kInvalid, with the name and the
// place: an unknown member where unknown members are refused, a member that comes twice, and two
// members that do not go together. The ignored members replace the content of `ignored`, which may
// be null.
base::Status check_shape(const Element& e, const Shape& shape, const std::string& where,
                         IgnoredMembers* ignored);

// Runs a parser of whole bodies after this check.
template <typename Parse>
auto checked(const Shape& shape, IgnoredMembers* ignored, Parse parse) {
  return [&shape, ignored, parse](const Element& e) -> decltype(parse(e)) {
    RHUMB_TRY(check_shape(e, shape, "", ignored));
    return parse(e);
  };
}

}  // namespace rhumb::http::rest
