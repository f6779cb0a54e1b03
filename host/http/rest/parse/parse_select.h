// Parses members that many bodies share: with_payload, with_vector and shard_key. Only parse_*.cc
// include it.
#pragma once

#include "host/http/rest/parse/json_dom.h"
#include "host/model/query.h"

namespace rhumb::http::rest {

base::Result<model::PayloadSelector> parse_with_payload(const Object& body,
                                                        const std::string& where, bool fallback);
base::Result<model::VectorSelector> parse_with_vector(const Object& body, const std::string& where);
base::Status refuse_shard_key(const Object& body, const std::string& where);
base::Status check_path(std::string_view path, const std::string& where);

}  // namespace rhumb::http::rest
