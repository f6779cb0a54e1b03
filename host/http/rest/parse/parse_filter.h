// A filter from JSON. Included by parse_*.cc only.
#pragma once

#include "host/http/rest/parse/json_dom.h"
#include "host/model/filter.h"

namespace rhumb::http::rest {

// Of a body that check_shape() has passed: a member that a filter does not have, or two that do not
// go together, would be overlooked here.
base::Result<model::Filter> parse_filter(const Element& e, const std::string& where);
base::Result<model::PointId> parse_id(const Element& e, const std::string& where);

}  // namespace rhumb::http::rest
