// Turns bodies of points/query and points/search into queries of the gateway.
#pragma once

#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/gateway/query.h"
#include "host/http/rest/parse/ignored_members.h"
#include "host/model/collection.h"

namespace rhumb::http::rest {

// `ignored` receives the members of the body that are unknown. It may be null.
base::Result<gateway::Query> parse_query(const std::string& body,
                                         const model::CollectionConfig& config,
                                         IgnoredMembers* ignored = nullptr);
base::Result<std::vector<gateway::Query>> parse_query_batch(const std::string& body,
                                                            const model::CollectionConfig& config,
                                                            IgnoredMembers* ignored = nullptr);
// Parses points/search, the form before version 1.19.
base::Result<gateway::Query> parse_search(const std::string& body,
                                          const model::CollectionConfig& config,
                                          IgnoredMembers* ignored = nullptr);
base::Result<std::vector<gateway::Query>> parse_search_batch(const std::string& body,
                                                             const model::CollectionConfig& config,
                                                             IgnoredMembers* ignored = nullptr);

}  // namespace rhumb::http::rest
