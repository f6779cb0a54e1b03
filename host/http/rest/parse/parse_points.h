// Reads points from JSON: ids, payloads, and lists and columns of points. Only parse_*.cc include
// it.
#pragma once

#include <string>
#include <vector>

#include "host/http/rest/parse/json_dom.h"
#include "host/model/collection.h"
#include "host/model/operation.h"

namespace rhumb::http::rest {

// 422: a list has more entries than its limit.
base::Status too_many(const std::string& where, size_t n, uint32_t limit);

base::Result<std::vector<model::PointId>> parse_ids(const Element& e, const std::string& where);

// Returns the minified text of an object. An absent or empty object gives an empty text.
base::Result<std::string> parse_payload(const std::optional<Element>& e, const std::string& where);

base::Result<model::PointWrite> parse_point(const Element& e, const model::CollectionConfig& config,
                                            const std::string& where, bool with_payload);
base::Status parse_point_list(const Element& e, const model::CollectionConfig& config,
                              const std::string& where, bool with_payload,
                              std::vector<model::PointWrite>& out);
// Parses the column form: {"ids":[..],"vectors":[[..],..] | {name:[[..],..]},"payloads":[..]}.
base::Status parse_columns(const Element& e, const model::CollectionConfig& config,
                           const std::string& where, std::vector<model::PointWrite>& out);

}  // namespace rhumb::http::rest
