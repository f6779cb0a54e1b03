// Writes the state of a collection as JSON, for GET /collections/{c} and GET
// /collections/{c}/cluster.
#pragma once

#include <string>

#include "host/gateway/gateway.h"

namespace rhumb::http::rest {

std::string collection_info_json(const gateway::CollectionState& state);
std::string collection_cluster_json(const gateway::CollectionState& state);

}  // namespace rhumb::http::rest
