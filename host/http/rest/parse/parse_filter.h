// Parses a filter from JSON. Only parse_*.cc include it.
#pragma once

#include "host/http/rest/parse/json_dom.h"
#include "host/model/filter.h"

namespace rhumb::http::rest {

// The body must have passed check_shape(), because this function overlooks an unknown member and
// two members that do not go together.
base::Result<model::Filter> parse_filter(const Element& e, const std::string& where);
base::Result<model::PointId> parse_id(const Element& e, const std::string& where);

}  // namespace rhumb::http::rest
