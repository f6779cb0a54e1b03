// Whether a body has only members that the table of shapes has. Included by parse_*.cc and the
// bodies of collections only.
#pragma once

#include "host/http/rest/parse/ignored_members.h"
#include "host/http/rest/parse/json_dom.h"
#include "host/http/rest/parse/shapes.h"

namespace rhumb::http::rest {

// Of an object, and of all in it that the shape goes into: an unknown member where they are
// refused, a member that comes twice, and two members that do not go together are kInvalid, named
// with their place. Members that are ignored replace what `ignored` held; it may be null.
base::Status check_shape(const Element& e, const Shape& shape, const std::string& where,
                         IgnoredMembers* ignored);

// A parser of whole bodies that checks them first.
template <typename Parse>
auto checked(const Shape& shape, IgnoredMembers* ignored, Parse parse) {
  return [&shape, ignored, parse](const Element& e) -> decltype(parse(e)) {
    RHUMB_TRY(check_shape(e, shape, "", ignored));
    return parse(e);
  };
}

}  // namespace rhumb::http::rest
