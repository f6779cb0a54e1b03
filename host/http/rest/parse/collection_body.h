// Turns bodies of requests about collections (create, update, aliases, index) into model types. The
// documents are small, so nlohmann reads them, with a limit on their depth.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/base/status.h"
#include "host/gateway/gateway.h"
#include "host/http/rest/parse/ignored_members.h"
#include "host/model/collection.h"

namespace rhumb::http::rest {

// `ignored` receives the members of the body that are unknown. It may be null.
base::Result<model::CollectionConfig> parse_create_collection(const std::string& body,
                                                              IgnoredMembers* ignored = nullptr);
// Returns the configuration that results when `body` is applied to `config`.
base::Result<model::CollectionConfig> parse_update_collection(const std::string& body,
                                                              const model::CollectionConfig& config,
                                                              IgnoredMembers* ignored = nullptr);
base::Result<std::vector<gateway::AliasAction>> parse_alias_actions(
    const std::string& body, IgnoredMembers* ignored = nullptr);
base::Result<std::pair<std::string, model::PayloadIndexConfig>> parse_create_index(
    const std::string& body, IgnoredMembers* ignored = nullptr);
// The rule of the gateway, with the error in the protocol's brackets.
base::Status check_name(const std::string& name, const std::string& what, size_t max_bytes);

}  // namespace rhumb::http::rest
