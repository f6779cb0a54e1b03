// A filter from JSON, strict as the protocol has it: unknown members of filters and conditions are refused. Included by parse_*.cc only.
#pragma once

#include "host/http/rest/json_dom.h"
#include "host/model/filter.h"

namespace rhumb::http::rest {

base::Result<model::Filter> parse_filter(const Element& e, const std::string& where);
base::Result<model::PointId> parse_id(const Element& e, const std::string& where);

}  // namespace rhumb::http::rest
